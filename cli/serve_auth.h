/* serve_auth.h - who is let in: Basic authentication (RFC 7617). */
#ifndef CLI_SERVE_AUTH_H
#define CLI_SERVE_AUTH_H

#include "options.h"

#include <skua/server.h>

enum { SERVE_AUTH_USER_MAX = 512 }; /* bytes of USER:PASSWORD */

typedef struct serve_auth serve_auth;

/* Make a guard of users ("USER:PASSWORD", borrowed) and the lines of a file ("USER:HASH", crypt(3);
 * NULL: none). Returns NULL when it was said what is wrong. */
serve_auth *serve_auth_new(const cli_list *users, const char *file);
void serve_auth_free(serve_auth *auth);

/* Read the file again, while the guard is at work. One that is no such file leaves all as it was;
 * either is said. */
void serve_auth_reload(serve_auth *auth);

/* Answer 401 to who is not let in: for skua_server_before, with a serve_auth. */
int serve_auth_guard(skua_request *q, skua_reply *a, void *auth);

#endif
