/* serve_tls.h - the TLS settings of `skua serve`. */
#ifndef CLI_SERVE_TLS_H
#define CLI_SERVE_TLS_H

#include "serve_options.h"

#include <skua/tls.h>

enum { SERVE_TLS_PASSWORD_BYTES = 1024 };

typedef struct serve_tls {
    skua_tls_opts opts;       /* cert_file NULL: there is no TLS */
    skua_tls_cert *more;      /* all certificates but the first */
    skua_local_ca_files made; /* with --tls */
    char password[SERVE_TLS_PASSWORD_BYTES];
} serve_tls;

/* Make settings of options, which are borrowed. Returns 0; or -1, with err filled unless it was
 * said what is wrong. */
int serve_tls_init(serve_tls *tls, const serve_options *o, skua_error *err);
void serve_tls_free(serve_tls *tls);

#endif
