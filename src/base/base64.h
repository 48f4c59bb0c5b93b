/* base/base64.h - base64 with its standard alphabet and padding (RFC 4648 4). */
#ifndef SK_BASE_BASE64_H
#define SK_BASE_BASE64_H

#include <skua/types.h>

/* What n bytes become. */
#define SK_BASE64_LEN(n) (((n) + 2) / 3 * 4)

/* Encode n bytes into SK_BASE64_LEN(n) characters, which are not terminated. */
void sk_base64_encode(const void *data, size_t n, char *out);
/* Decode into at most text.len / 4 * 3 bytes. Returns their number; -1 unless the text is what
 * encoding them gives: no white space, padding complete, unused bits zero (RFC 4648 3.5). */
ptrdiff_t sk_base64_decode(skua_str text, void *out);

#endif
