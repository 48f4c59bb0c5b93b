/* skua/auth.h - the values of Authorization and Proxy-Authorization. */
#ifndef SKUA_AUTH_H
#define SKUA_AUTH_H

#include <skua/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes that skua_auth_basic needs for a user and a password of so many bytes together. */
#define SKUA_AUTH_BASIC_SIZE(len) ((size_t)(len) / 3 * 4 + 11)

/* Write the value of an Authorization field of the Basic scheme (RFC 7617): "Basic dTpw".
 *
 * User and password are taken as the bytes they are; UTF-8 is what servers expect of letters beyond
 * ASCII. The user holds no colon, and neither holds a control character. The result is readable by
 * anybody who sees it: send it over TLS, in a field marked SKUA_FIELD_SECRET. Traces mask the
 * value of Authorization anyway.
 *
 * Returns: 0; SKUA_E_INVALID_ARGUMENT for NULL, for what the scheme cannot carry, and where cap is
 *          too small (SKUA_AUTH_BASIC_SIZE says what it takes). On failure out is left as it was.
 * Thread: any.
 * Since: 0.1 */
SKUA_API int skua_auth_basic(const char *user, const char *password, char *out, size_t cap);

#ifdef __cplusplus
}
#endif
#endif
