/* wire/url.h - the parser below skua/url.h: views, no allocation. */
#ifndef SK_WIRE_URL_H
#define SK_WIRE_URL_H

#include "base/buf.h"
#include "wire/idna.h"

#include <skua/error.h>
#include <skua/types.h>
#include <stdbool.h>

/* Views into the parsed text. ptr is NULL for a part that is absent; a path is never absent, but
 * may be empty. */
typedef struct sk_url_parts {
    skua_str scheme, userinfo, host /* no brackets */, port, path, query, fragment;
    bool ipv6; /* the host stood in brackets */
} sk_url_parts;

/* Take a URI reference apart and check its characters (RFC 3986 4.1). On failure *what says what
 * is wrong ("a character that is not allowed in the path") and *at gives the offset.
 *
 * In path, query and fragment the characters "<>[]^`{|} pass, and in the latter two the backslash,
 * although RFC 3986 has them escaped: browsers send them as they are, and they mean nothing else.
 * A backslash in a path is refused: some take it for a slash. An IPv6 literal may carry a zone
 * ("fe80::1%25eth0", RFC 6874), which then is part of host. */
bool sk_url_split(skua_str text, sk_url_parts *out, const char **what, size_t *at);

/* The same, and the host may hold bytes beyond ASCII. It is then not yet one: sk_url_ascii_host. */
bool sk_url_split_international(skua_str text, sk_url_parts *out, const char **what, size_t *at);

/* Turn a host as sk_url_split_international gives it into one that can be looked up: escapes
 * decoded, a name beyond ASCII in A-labels (wire/idna.h). What is there already stays; *host may
 * point into room afterwards. An escape for anything but unreserved characters and UTF-8 is
 * refused. Returns 0; SKUA_E_INVALID_URL with what is wrong in *why, or SKUA_E_NOMEM. */
int sk_url_ascii_host(skua_str *host, char room[SK_IDNA_MAX + 2], const char **why);

/* Write a URL as it may stand in a message, whatever it is: cut where it is long, user information
 * masked, and all that may be some of a password. */
#define SK_URL_SHOWN 200
void sk_url_show(skua_str url, char out[SK_URL_SHOWN]);
/* Fail with SKUA_E_INVALID_URL, naming the URL; and because of what is wrong at an offset of it. */
int sk_url_fail(skua_error *err, skua_str url, const char *fmt, ...) SKUA_PRINTF(3, 4);
int sk_url_fail_at(skua_error *err, skua_str url, const char *what, size_t at);

/* A Host value or CONNECT target, host [":" port] (RFC 9110 7.2): are its characters right?
 * Sets host (no brackets) and port (-1 if absent; an empty port counts as absent) where asked.
 * The empty string is right, and an empty host: it is what a client sends for a target without an
 * authority. A port without a host is not. No zone: it means nothing on another machine. */
bool sk_url_check_authority(skua_str s, skua_str *host, int *port);

/* A port in digits, 0..65535; -1 for an empty one. */
bool sk_url_port(skua_str digits, int *port);

/* Append a path, query or fragment that sk_url_split let pass, with the characters escaped that
 * should have been. */
void sk_url_append_escaped(sk_buf *out, skua_str s);

/* Decode percent-escapes of a path into out (at least s.len bytes; may be s.ptr). Returns the
 * length; -1 for a bad escape and for a NUL, escaped or not. '+' stays. */
ptrdiff_t sk_url_decode(skua_str s, char *out);

/* Remove dot segments in place (RFC 3986 5.2.4). Returns the new length. */
size_t sk_url_remove_dots(char *path, size_t len);

#endif
