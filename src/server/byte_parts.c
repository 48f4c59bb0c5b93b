/* server/byte_parts.c - several ranges of one file as the body of a 206 (RFC 9110 14.6):
 *
 *     --boundary CRLF Content-Type, Content-Range CRLF CRLF   bytes   CRLF
 *     --boundary CRLF Content-Type, Content-Range CRLF CRLF   bytes   CRLF
 *     --boundary-- CRLF
 *
 * Whoever writes the file must not be able to make a part of its bytes look like another part: the
 * boundary cannot be guessed. */
#include "server/byte_parts.h"

#include "sys/entropy.h"

#include <inttypes.h>

#define BOUNDARY_BYTES 16 /* of chance */

typedef char boundary[2 * BOUNDARY_BYTES + 1];

static bool make_boundary(boundary out) {
    static const char digits[] = "0123456789abcdef";
    unsigned char chance[BOUNDARY_BYTES];
    if (sk_entropy_fill(chance, sizeof chance) != 0)
        return false;
    for (size_t i = 0; i < sizeof chance; i++) {
        out[2 * i] = digits[chance[i] >> 4];
        out[2 * i + 1] = digits[chance[i] & 15];
    }
    out[2 * BOUNDARY_BYTES] = '\0';
    return true;
}

const char *sk_content_range(const sk_range *range, int64_t size, sk_arena *arena) {
    return sk_arena_printf(arena, "bytes %" PRId64 "-%" PRId64 "/%" PRId64, range->first,
                           range->first + range->len - 1, size);
}

const char *sk_content_range_none(int64_t size, sk_arena *arena) {
    return sk_arena_printf(arena, "bytes */%" PRId64, size);
}

/* What stands before the bytes of a part. NULL: no memory. */
static const char *head_of(const sk_range *range, const char *type, int64_t size, sk_arena *arena,
                           const char *mark) {
    const char *where = sk_content_range(range, size, arena);
    if (!where)
        return NULL;
    return sk_arena_printf(arena, "--%s\r\n%s%s%sContent-Range: %s\r\n\r\n", mark,
                           type ? "Content-Type: " : "", type ? type : "", type ? "\r\n" : "",
                           where);
}

const sk_byte_parts *sk_byte_parts_make(const sk_ranges *ranges, const char *type, int64_t size,
                                        sk_arena *arena) {
    boundary mark;
    sk_byte_parts *p = sk_arena_zalloc(arena, sizeof *p);
    if (!p || !make_boundary(mark))
        return NULL;
    for (int i = 0; i < ranges->count; i++) {
        const char *head = head_of(&ranges->at[i], type, size, arena, mark);
        const char *text = head && i > 0 ? sk_arena_printf(arena, "\r\n%s", head) : head;
        if (!text)
            return NULL;
        p->pieces[p->count++] = (sk_file_piece){
            .text = {text, strlen(text)}, .at = ranges->at[i].first, .len = ranges->at[i].len};
    }
    const char *end = sk_arena_printf(arena, "\r\n--%s--\r\n", mark);
    p->type = sk_arena_printf(arena, "multipart/byteranges; boundary=%s", mark);
    if (!end || !p->type)
        return NULL;
    p->pieces[p->count++] = (sk_file_piece){.text = {end, strlen(end)}};
    return p;
}
