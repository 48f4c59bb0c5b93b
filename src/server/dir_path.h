/* server/dir_path.h - from the path of a request to a path below a directory. Pure. */
#ifndef SK_SERVER_DIR_PATH_H
#define SK_SERVER_DIR_PATH_H

#include <skua/types.h>
#include <stdbool.h>

typedef struct sk_dir_path {
    skua_str path; /* a view; no "/" at either end; empty for the directory itself */
    bool slash;    /* the request asks for a directory: it ended with "/", or was empty */
} sk_dir_path;

/* Judge the rest of a path, decoded once, that follows the route's own. False: nothing is shown
 * under such a name, which is 404.
 *
 * Refused: NUL; empty segments (one file, one URL); "." and ".."; unless they are shown, names that
 * begin with ".", but for a leading ".well-known" (RFC 8615). A backslash is a byte of a name like
 * any other. */
bool sk_dir_path_map(skua_str rest, bool dotfiles, sk_dir_path *out);

#endif
