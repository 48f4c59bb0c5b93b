/* base/json_text.h - text within a string of JSON (RFC 8259 7). */
#ifndef SK_BASE_JSON_TEXT_H
#define SK_BASE_JSON_TEXT_H

#include <skua/types.h>

#define SK_JSON_CHARACTER_MAX 12 /* what one character comes to: a pair of surrogates */

/* Take the first character off *s, which is not empty, and write it as it stands in a string: as
 * ASCII; what is not is escaped, and where bytes are no UTF-8 U+FFFD stands. Returns the length. */
size_t sk_json_take(skua_str *s, char to[SK_JSON_CHARACTER_MAX]);

#endif
