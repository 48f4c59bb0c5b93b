/* serve_authority.h - the local authority of --tls. */
#ifndef CLI_SERVE_AUTHORITY_H
#define CLI_SERVE_AUTHORITY_H

#include <skua/tls.h>

/* Make sure of the local authority in the user's data directory, and of a certificate that also
 * names `bind`. Returns: 0 and *out, or an error with err filled. */
int serve_authority(const char *bind, skua_local_ca_files *out, skua_error *err);

#endif
