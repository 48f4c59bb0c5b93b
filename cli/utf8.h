/* utf8.h - telling UTF-8 from other bytes. */
#ifndef CLI_UTF8_H
#define CLI_UTF8_H

#include <stddef.h>

/* Give the length of the UTF-8 sequence that begins the `left` bytes at `text` (RFC 3629).
 *
 * Returns: 1 to 4; 0 where there is none. Overlong forms, surrogates, what lies past U+10FFFF and
 *          NUL are none. */
size_t cli_utf8_length(const char *text, size_t left);

#endif
