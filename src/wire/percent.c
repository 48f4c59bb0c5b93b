/* wire/percent.c - percent-encoding (RFC 3986 2.1). */
#include "wire/percent.h"

#include "base/str.h"

static bool is_alnum(char c) {
    return sk_is_digit(c) || (sk_lower(c) >= 'a' && sk_lower(c) <= 'z');
}

/* strchr would find the terminator as well. */
static bool is_one_of(char c, const char *set) {
    return c != '\0' && strchr(set, c) != NULL;
}

/* Append the bytes of s, each run of alphanumerics and `kept` in one piece. */
static void append(sk_buf *out, skua_str s, const char *kept) {
    static const char digits[] = "0123456789ABCDEF"; /* RFC 3986 2.1: upper case, for consistency */
    if (s.len == 0)
        return;
    size_t from = 0;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (is_alnum(c) || is_one_of(c, kept))
            continue;
        const char escape[3] = {'%', digits[(unsigned char)c >> 4], digits[(unsigned char)c & 15]};
        sk_buf_append(out, s.ptr + from, i - from);
        sk_buf_append(out, escape, sizeof escape);
        from = i + 1;
    }
    sk_buf_append(out, s.ptr + from, s.len - from);
}

void sk_percent_append_segment(sk_buf *out, skua_str segment) {
    append(out, segment, "-._~");
}

void sk_percent_append_query(sk_buf *out, skua_str query) {
    append(out, query, "-._~/?:@!$&'()*+,;=%");
}
