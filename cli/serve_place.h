/* serve_place.h - where an upload goes: directories, names, and what is answered where it cannot.
 */
#ifndef CLI_SERVE_PLACE_H
#define CLI_SERVE_PLACE_H

#include <skua/server.h>

typedef struct serve_upload {
    int dir;    /* the descriptor of where they go; -1: nowhere */
    int served; /* it is the directory that is served, whose directories take them as well */
    int overwrite;
    int nameless; /* see serve_file.h */
    int64_t max;  /* bytes of one file */
    const char *cors;
} serve_upload;

/* Give the path of a request to a route with "{path...}", decoded, without its first "/"; NULL
 * where a segment of it holds a slash, which would be taken for one between two. */
const char *serve_place_path(skua_request *q);

/* Open the directory that takes what comes to a path, which is decoded and has no "/" at its
 * beginning. Names that are hidden and links are no directories. Returns the descriptor, or -1 with
 * errno. */
int serve_place_open(const serve_upload *upload, const char *path, size_t len);

/* May a file of this name come into the directory? Returns 0, or the status that says why not. */
int serve_place_check(const serve_upload *upload, int dir, const char *name);

/* Has a page of another site sent the request? */
int serve_place_is_foreign(const serve_upload *upload, skua_request *q);

/* What to answer for errno. */
int serve_place_status(void);
/* What to answer where a body broke off with a code: a status, or the code where nobody reads an
 * answer. */
int serve_place_status_of(int code);

/* Answer that a file was not taken; `name` may be NULL. */
int serve_place_refuse(skua_reply *a, int status, const char *name);

#endif
