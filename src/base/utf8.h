/* base/utf8.h - characters out of UTF-8 (RFC 3629). */
#ifndef SK_BASE_UTF8_H
#define SK_BASE_UTF8_H

#include <skua/types.h>

/* Decode the character that s begins with. Returns its length, 1 to 4; 0 where there is none: at
 * the end, and for bytes that are no UTF-8, overlong forms and surrogates among them. */
size_t sk_utf8_decode(skua_str s, uint32_t *character);

#endif
