/* wire/percent.c - percent-encoding (RFC 3986 2.1). */
#include "wire/percent.h"

#include "base/str.h"

#include <skua/url.h>

bool sk_percent_is_unreserved(char c) {
    return sk_is_digit(c) || sk_is_alpha(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

/* Value of the escape that begins here; -1 if there is none. */
static int escape_value(skua_str s, size_t at) {
    if (s.len - at < 3 || s.ptr[at] != '%')
        return -1;
    int high = sk_hex_value(s.ptr[at + 1]), low = sk_hex_value(s.ptr[at + 2]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

static bool stays(const sk_percent_kept *kept, skua_str s, size_t at) {
    unsigned char c = (unsigned char)s.ptr[at];
    /* strchr would find the terminator as well. */
    return sk_percent_is_unreserved(s.ptr[at]) || (c != 0 && c < 0x80 && strchr(kept->marks, c)) ||
           (kept->escapes && escape_value(s, at) >= 0);
}

/* ---- encoding ---- */

size_t sk_percent_encode(skua_str s, const sk_percent_kept *kept, char *out, size_t cap) {
    static const char digits[] = "0123456789ABCDEF"; /* RFC 3986 2.1: upper case, for consistency */
    size_t len = 0;
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        char piece[3] = {s.ptr[i]};
        size_t n = 1;
        if (c == ' ' && kept->plus) {
            piece[0] = '+';
        } else if (!stays(kept, s, i)) {
            piece[0] = '%';
            piece[1] = digits[c >> 4];
            piece[2] = digits[c & 15];
            n = 3;
        }
        for (size_t k = 0; k < n; k++, len++) {
            if (len < cap)
                out[len] = piece[k];
        }
    }
    return len;
}

void sk_percent_append(sk_buf *out, skua_str s, const sk_percent_kept *kept) {
    size_t most = s.len * 3;
    char *to = sk_buf_reserve(out, most);
    if (to)
        sk_buf_commit(out, sk_percent_encode(s, kept, to, most));
}

void sk_percent_append_segment(sk_buf *out, skua_str segment) {
    sk_percent_append(out, segment, &(const sk_percent_kept){.marks = ""});
}

void sk_percent_append_query(sk_buf *out, skua_str query) {
    sk_percent_append(out, query,
                      &(const sk_percent_kept){
                          .marks = "/?:@!$&'()*+,;=",
                          .escapes = true,
                      });
}

/* ---- decoding ---- */

size_t sk_percent_decode(skua_str s, bool plus_is_space, char *out, size_t cap) {
    size_t len = 0;
    for (size_t i = 0; i < s.len; i++) {
        int v = escape_value(s, i);
        char c = v >= 0 ? (char)v : s.ptr[i] == '+' && plus_is_space ? ' ' : s.ptr[i];
        if (v >= 0)
            i += 2;
        if (len < cap)
            out[len] = c;
        len++;
    }
    return len;
}

/* ---- the interface ---- */

/* As snprintf: the text is terminated within its room. */
static size_t end(size_t len, char *buf, size_t cap) {
    if (cap > 0)
        buf[len < cap ? len : cap - 1] = '\0';
    return len;
}

size_t skua_url_quote(const char *text, const char *safe, char *buf, size_t cap) {
    const sk_percent_kept kept = {.marks = safe ? safe : "/"};
    return end(sk_percent_encode(sk_str(text), &kept, buf, cap), buf, cap);
}

size_t skua_url_unquote(const char *text, char *buf, size_t cap) {
    return end(sk_percent_decode(sk_str(text), false, buf, cap), buf, cap);
}
