/* skua/url.h - taking a URL apart (RFC 3986, with the http rules of RFC 9110 4.2). */
#ifndef SKUA_URL_H
#define SKUA_URL_H

#include <skua/error.h>
#include <skua/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A URL in pieces. Every piece points into one block that the object owns; strings are terminated.
 * Percent-encoding is left as it stands; characters that RFC 3986 wants encoded and that browsers
 * let pass are encoded. */
typedef struct skua_url skua_url;

/* Parse an absolute http or https URL.
 *
 * The scheme is compared without case. Host: a registered name, an IPv4 address, an IPv6 literal
 * in brackets. The port may be empty ("http://h:/"), which means the default. Refused: another
 * scheme, an empty host, user information (RFC 9110 4.2.4), a port that is not 0..65535 in digits,
 * control characters, spaces, bytes above 0x7e in other places than the host, a bad
 * percent-escape, a bad IPv6 literal, a backslash in the path (some read it as a slash), more than
 * 65535 bytes. The characters "<>[]^`{|} in path, query and fragment, and the backslash in the
 * latter two, are percent-encoded. An empty path becomes "/"; dot segments stay; the fragment is
 * kept apart and is no part of the target.
 *
 * A host beyond ASCII, in UTF-8 or as escapes of it, becomes the name that is looked up, such as
 * "xn--bcher-kva": IDNA2008 with the mapping of UTS #46, not transitional. What that does not allow
 * is refused; without libidn2, every such host. An escape of a letter, a digit or one of "-._~" in
 * a host is decoded, any other refused.
 *
 * Returns: 0 and *out, or SKUA_E_INVALID_URL (the message names the URL, its user information
 *          masked, and what is wrong), SKUA_E_INVALID_ARGUMENT for NULL, SKUA_E_NOMEM.
 * Owns: the caller frees *out with skua_url_free.
 * Thread: any.
 * Since: 0.1 */
SKUA_API int skua_url_parse(const char *text, skua_url **out, skua_error *err);

/* Resolve a reference ("../x", "//host/y", "?q", "https://...") against a base (RFC 3986 5.2),
 * dot segments removed. A reference without a fragment takes the base's (RFC 9110 10.2.2).
 *
 * Returns: 0 and *out, or as skua_url_parse.
 * Owns: the caller frees *out with skua_url_free.
 * Thread: any.
 * Since: 0.1 */
SKUA_API int skua_url_join(const skua_url *base, const char *reference, skua_url **out,
                           skua_error *err);

/* Free a URL. NULL is fine.
 *
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API void skua_url_free(skua_url *url);

/* Give the whole URL in normal form: scheme and host in lower case, default port left out.
 *
 * Returns: the text; "" for NULL.
 * Owns: borrowed, until the URL is freed.
 * Thread: any.
 * Since: 0.1 */
SKUA_API const char *skua_url_text(const skua_url *url);

/* Give the scheme in lower case: "http" or "https".
 *
 * Returns: the scheme; "" for NULL.
 * Owns: borrowed, until the URL is freed.
 * Thread: any.
 * Since: 0.1 */
SKUA_API const char *skua_url_scheme(const skua_url *url);

/* Give the host in lower case, without brackets: "example.org", "::1". A name beyond ASCII is given
 * in A-labels, "xn--bcher-kva". A zone ("[fe80::1%25eth0]", RFC 6874) is given as systems write it:
 * "fe80::1%eth0".
 *
 * Returns: the host; "" for NULL.
 * Owns: borrowed, until the URL is freed.
 * Thread: any.
 * Since: 0.1 */
SKUA_API const char *skua_url_host(const skua_url *url);

/* Give the port; the scheme's default where the URL names none.
 *
 * Returns: 0..65535; 0 for NULL.
 * Thread: any.
 * Since: 0.1 */
SKUA_API int skua_url_port(const skua_url *url);

/* Give what belongs into a Host field: host with brackets where they are due, and the port unless
 * it is the default (RFC 9110 7.2).
 *
 * Returns: the authority; "" for NULL.
 * Owns: borrowed, until the URL is freed.
 * Thread: any.
 * Since: 0.1 */
SKUA_API const char *skua_url_authority(const skua_url *url);

/* Give the request target in origin form: path and query (RFC 9112 3.2.1).
 *
 * Returns: the target, at least "/"; "" for NULL.
 * Owns: borrowed, until the URL is freed.
 * Thread: any.
 * Since: 0.1 */
SKUA_API const char *skua_url_target(const skua_url *url);

/* Give the path alone, still percent-encoded.
 *
 * Returns: the path, at least "/"; "" for NULL.
 * Owns: borrowed, until the URL is freed.
 * Thread: any.
 * Since: 0.1 */
SKUA_API const char *skua_url_path(const skua_url *url);

/* Give the query without its "?".
 *
 * Returns: the query; NULL where there is none (which is not the same as an empty one).
 * Owns: borrowed, until the URL is freed.
 * Thread: any.
 * Since: 0.1 */
SKUA_API const char *skua_url_query(const skua_url *url);

/* Give the fragment without its "#".
 *
 * Returns: the fragment; NULL where there is none.
 * Owns: borrowed, until the URL is freed.
 * Thread: any.
 * Since: 0.1 */
SKUA_API const char *skua_url_fragment(const skua_url *url);

/* Percent-encode a text for a place in a URL, as Python's urllib.parse.quote does: letters, digits
 * and "-._~" stay, and so do the ASCII characters in `safe`; each other byte becomes "%XX". NULL
 * for safe is "/", which suits a path; "" suits one segment of a path, or a value in a query.
 *
 * Returns: the length of the result, as snprintf does: where it is not below cap, the result was
 *          cut. What there is of it is terminated. 0 for NULL.
 * Thread: any.
 * Since: 0.1 */
SKUA_API size_t skua_url_quote(const char *text, const char *safe, char *buf, size_t cap);

/* Undo percent-encoding, as Python's urllib.parse.unquote_to_bytes does: a "%" that begins no
 * escape stays, and "+" stays. The result may hold any byte, NUL among them, and need not be UTF-8.
 * buf may be text.
 *
 * Returns: the length of the result, as snprintf does; it is never longer than the text. 0 for
 *          NULL.
 * Thread: any.
 * Since: 0.1 */
SKUA_API size_t skua_url_unquote(const char *text, char *buf, size_t cap);

#ifdef __cplusplus
}
#endif
#endif
