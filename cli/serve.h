/* serve.h - what the files of `skua serve` share. */
#ifndef CLI_SERVE_H
#define CLI_SERVE_H

#include <skua/server.h>
#include <skua/tls.h>

/* Make sure of the local authority in the user's data directory, and of a certificate that also
 * names `bind`. Returns: 0 and *out, or an error with err filled. */
int serve_authority(const char *bind, skua_local_ca_files *out, skua_error *err);

#endif
