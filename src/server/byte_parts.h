/* server/byte_parts.h - several ranges of one file as the body of a 206 (RFC 9110 14.6). */
#ifndef SK_SERVER_BYTE_PARTS_H
#define SK_SERVER_BYTE_PARTS_H

#include "base/arena.h"
#include "server/exchange.h"
#include "wire/range.h"

typedef struct sk_byte_parts {
    const char *type; /* the value of Content-Type, with the boundary */
    sk_file_piece pieces[SK_RANGES_MAX + 1];
    uint32_t count;
} sk_byte_parts;

/* Describe the parts of a file of that type (NULL: none is named) and size. NULL: no memory, or no
 * boundary that cannot be guessed, for which the system's generator is asked. All of it is the
 * arena's. */
const sk_byte_parts *sk_byte_parts_make(const sk_ranges *ranges, const char *type, int64_t size,
                                        sk_arena *arena);

/* The value of Content-Range for a range, and for one that cannot be satisfied. NULL: no memory. */
const char *sk_content_range(const sk_range *range, int64_t size, sk_arena *arena);
const char *sk_content_range_none(int64_t size, sk_arena *arena);

#endif
