/* serve_upload.h - files that clients bring: PUT /NAME. */
#ifndef CLI_SERVE_UPLOAD_H
#define CLI_SERVE_UPLOAD_H

#include "serve_options.h"

#include <skua/server.h>

typedef struct serve_upload {
    int dir; /* the descriptor of where they go; -1: nowhere */
    int overwrite;
} serve_upload;

/* Returns 0, or -1 when it was said what is wrong. Without --upload nothing is opened. */
int serve_upload_init(serve_upload *upload, const serve_options *o);
void serve_upload_free(serve_upload *upload);

/* The route. `upload` lives as long as the server. */
void serve_upload_add(serve_upload *upload, skua_server *s, const serve_options *o);

#endif
