/* wire/h1_parse.h - from bytes to lines: heads, trailer sections and chunk-size lines, strict
 * (RFC 9112). It parses; what the lines mean for the message is decided in h1_framing. */
#ifndef SK_WIRE_H1_PARSE_H
#define SK_WIRE_H1_PARSE_H

#include "wire/h1.h"

/* The fields that frame a message, noted while they are parsed. */
typedef enum sk_h1_key {
    SK_H1_HOST,
    SK_H1_CONTENT_LENGTH,
    SK_H1_TRANSFER_ENCODING,
    SK_H1_CONNECTION,
    SK_H1_EXPECT,
    SK_H1_UPGRADE,
    SK_H1_KEYS
} sk_h1_key;

typedef struct sk_h1_keys {
    uint16_t count[SK_H1_KEYS];
    uint16_t first[SK_H1_KEYS]; /* index into the fields, where count > 0 */
} sk_h1_keys;

/* Which of them a name is, upper and lower case alike; SK_H1_KEYS for any other. */
sk_h1_key sk_h1_key_of(skua_str name);

typedef struct sk_h1_input {
    const char *bytes;
    size_t len;
    const sk_h1_limits *limits;
    const char *what; /* out: what was wrong */
} sk_h1_input;

/* All return the bytes that the thing takes up (> 0), 0 when it is not complete yet, or a negative
 * code with in->what. Complete lines before an incomplete one are judged at once. */

/* A request head or a response head: start line and fields go to *head. */
ptrdiff_t sk_h1_parse_head(sk_h1_input *in, sk_role role, sk_head *head, sk_h1_keys *keys);
/* The field lines behind the last chunk, with the empty line. */
ptrdiff_t sk_h1_parse_trailers(sk_h1_input *in, sk_role role, sk_fields *fields);
/* chunk-size [chunk-ext] CRLF (RFC 9112 7.1). */
ptrdiff_t sk_h1_parse_chunk_line(sk_h1_input *in, uint64_t *size);

/* Search on for the empty line that ends a head, from *scanned; *line_at is where the last line
 * begins. Returns 1 when the end is there, 0 when not, or a code for a bare CR or LF. */
int sk_h1_scan_block(sk_h1_input *in, uint32_t *scanned, uint32_t *line_at);

#endif
