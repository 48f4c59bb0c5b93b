/* server/dir.h - a directory route, as its parts see it: dir.c (from a path to an answer),
 * dir_file.c (which file is sent), dir_listing.c (its listings), dir_options.c (setting it up). */
#ifndef SK_SERVER_DIR_H
#define SK_SERVER_DIR_H

#include "base/arena.h"
#include "server/file_answer.h"

#include <skua/server.h>

typedef struct sk_dir {
    sk_arena arena; /* of what follows */
    int fd;
    bool list;
    bool precompressed;
    bool dotfiles;
    bool upload_form;
    const char *cache_control; /* NULL: none is sent */
    const char *default_type;
    const char **index;               /* NULL at the end */
    const skua_dir_rule *types;       /* a NULL pattern at the end */
    const skua_dir_rule *cache_rules; /* likewise */
    const skua_field *fields;         /* a NULL name at the end */
    const char *fallback;             /* NULL: none */
    const char *not_found_page;       /* NULL: the server's */
} sk_dir;

/* ---- dir_options.c ---- */

/* What is wrong with options; NULL: nothing. */
const char *sk_dir_wrong_with(const skua_dir_opts *opts);
/* Open a directory, with a copy of the options. 0 and *out; -errno of the directory, or -ENOMEM. */
int sk_dir_new(const char *path, const skua_dir_opts *opts, sk_dir **out);
void sk_dir_free(void *dir);

/* ---- dir_file.c ---- */

/* Find what is to be sent for a path below the route (which outlives *out): from memory, from the
 * directory, or compressed in its place. 0, or -errno as sk_answer_file_open. *out lives until the
 * next call here, or the loop goes on. */
int sk_dir_find(const sk_dir *d, skua_request *q, const char *path, sk_answer_file *out);

/* ---- dir_listing.c ---- */

/* Reply with the listing of a directory; `rest` is the path below the route as received, `path`
 * without its "/". */
int sk_dir_list(const sk_dir *d, skua_request *q, skua_reply *a, skua_str path);

#endif
