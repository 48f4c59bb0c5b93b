/* wire/idna.h - host names beyond ASCII as the DNS has them: IDNA2008 behind the mapping of UTS
 * #46.
 */
#ifndef SK_WIRE_IDNA_H
#define SK_WIRE_IDNA_H

#include <skua/types.h>

/* RFC 1035 2.3.4, without the root's dot. */
#define SK_IDNA_MAX 253

/* Turn a name in UTF-8 into A-labels in lower case ("xn--bcher-kva.example"), terminated. The
 * result holds letters, digits, "-", "_" and "." alone, and is no IPv4 address.
 * Returns 0; SKUA_E_INVALID_URL with what is wrong in *why, or SKUA_E_NOMEM. A build without
 * libidn2 refuses every name, and says so. */
int sk_idna_to_ascii(skua_str name, char out[SK_IDNA_MAX + 2], const char **why);

#endif
