/* serve_signals.h - what signals do to a server that runs. */
#ifndef CLI_SERVE_SIGNALS_H
#define CLI_SERVE_SIGNALS_H

#include <skua/server.h>

/* SIGINT stops the server, SIGTERM drains it, the second of either does what it does to any
 * program; SIGHUP makes it read its certificates again, and drains it where the terminal has gone.
 * Before skua_server_run. Returns 0, or -1 when it was said what is wrong. */
int serve_signals_begin(skua_server *s);

/* Before the server is freed. */
void serve_signals_end(void);

#endif
