/* wire/percent.c - percent-encoding (RFC 3986 2.1). */
#include "wire/percent.h"

#include "base/str.h"

static bool is_alnum(char c) {
    return sk_is_digit(c) || sk_is_alpha(c);
}

/* Does a well-formed escape begin here? */
static bool is_escape(skua_str s, size_t at) {
    return s.len - at >= 3 && s.ptr[at] == '%' && sk_hex_value(s.ptr[at + 1]) >= 0 &&
           sk_hex_value(s.ptr[at + 2]) >= 0;
}

/* The bytes beside letters and digits that stay as they are. */
typedef struct kept {
    const char *marks;
    bool escapes;
} kept;

static bool stays(const kept *k, skua_str s, size_t at) {
    char c = s.ptr[at];
    /* strchr would find the terminator as well. */
    return is_alnum(c) || (c != '\0' && strchr(k->marks, c)) || (k->escapes && is_escape(s, at));
}

/* Append s, each run of bytes that stay in one piece. */
static void append(sk_buf *out, skua_str s, const kept *k) {
    static const char digits[] = "0123456789ABCDEF"; /* RFC 3986 2.1: upper case, for consistency */
    size_t from = 0;
    for (size_t i = 0; i < s.len; i++) {
        if (stays(k, s, i))
            continue;
        unsigned char c = (unsigned char)s.ptr[i];
        const char escape[3] = {'%', digits[c >> 4], digits[c & 15]};
        sk_buf_append(out, s.ptr + from, i - from);
        sk_buf_append(out, escape, sizeof escape);
        from = i + 1;
    }
    if (from < s.len)
        sk_buf_append(out, s.ptr + from, s.len - from);
}

void sk_percent_append_segment(sk_buf *out, skua_str segment) {
    append(out, segment, &(const kept){.marks = "-._~"});
}

void sk_percent_append_query(sk_buf *out, skua_str query) {
    append(out, query, &(const kept){.marks = "-._~/?:@!$&'()*+,;=", .escapes = true});
}
