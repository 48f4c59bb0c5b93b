/* serve_upload.h - files that clients bring: --upload. */
#ifndef CLI_SERVE_UPLOAD_H
#define CLI_SERVE_UPLOAD_H

#include "serve_options.h"
#include "serve_place.h"

/* Returns 0, or -1 when it was said what is wrong. Without --upload nothing is opened. */
int serve_upload_init(serve_upload *upload, const serve_options *o);
void serve_upload_free(serve_upload *upload);

/* The routes. `upload` lives as long as the server. */
void serve_upload_add(serve_upload *upload, skua_server *s);

/* See what the file system can do, as who the process is by now, and in its sandbox. */
void serve_upload_begin(serve_upload *upload);

#endif
