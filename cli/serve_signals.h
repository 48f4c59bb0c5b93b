/* serve_signals.h - what signals do to a server that runs. */
#ifndef CLI_SERVE_SIGNALS_H
#define CLI_SERVE_SIGNALS_H

#include <skua/server.h>

/* Called in a thread of its own. */
typedef void serve_reload_fn(void *user);

/* SIGINT stops the server, SIGTERM drains it, the second of either does what it does to any
 * program; SIGHUP has `reload` called; where the terminal has gone, it drains the server. Before
 * skua_server_run. Returns 0, or -1 when it was said what is wrong. */
int serve_signals_begin(skua_server *s, serve_reload_fn *reload, void *user);

/* Before the server is freed. */
void serve_signals_end(void);

#endif
