/* serve_grants.h - which files stay within reach of `skua serve`. */
#ifndef CLI_SERVE_GRANTS_H
#define CLI_SERVE_GRANTS_H

#include "serve_options.h"
#include "serve_sandbox.h"
#include "serve_tls.h"

/* Shut this process in, with what it serves, takes and reads again. Returns 0 and *made, or -1 when
 * it was said what is wrong. */
int serve_grants_enter(const serve_options *o, const serve_tls *tls, serve_sandbox *made);

#endif
