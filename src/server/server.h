/* server/server.h - the server object, as its parts see it. */
#ifndef SK_SERVER_SERVER_H
#define SK_SERVER_SERVER_H

#include <skua/server.h>

/* Keep the first failure: skua_server_run returns it. Returns its code. */
int sk_server_latch(skua_server *s, const skua_error *err);
/* The same for one whose message says what was being set up. */
int sk_server_fail(skua_server *s, int code, const char *fmt, ...) SKUA_PRINTF(3, 4);

/* Have free_fn(ptr) called when the server is freed. 0, or SKUA_E_NOMEM (latched): ptr is then
 * still the caller's. */
int sk_server_own(skua_server *s, void *ptr, void (*free_fn)(void *ptr));

/* As skua_route, while the server is set up, for a route that gives way to another of the same path
 * and method. */
int sk_server_route_fallback(skua_server *s, const char *pattern, skua_handler_fn *fn, void *user);

#endif
