/* serve_form.h - files that a browser brings in a form. */
#ifndef CLI_SERVE_FORM_H
#define CLI_SERVE_FORM_H

#include <skua/server.h>

/* Take the files of a form into a directory: on the pool, with a streamed body and a
 * serve_upload. */
int serve_form_post(skua_request *q, skua_reply *a, void *upload);

#endif
