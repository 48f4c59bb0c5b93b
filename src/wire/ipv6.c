/* wire/ipv6.c - is this the text of an IPv6 address? Only its form is judged; nothing is computed,
 * and no function of the system is asked, whose ideas of an address vary. */
#include "wire/ipv6.h"

#include "base/str.h"

/* RFC 3986 3.2.2: dec-octet, 0..255 without leading zeros. Returns its length, or 0. */
static size_t octet_len(skua_str s) {
    int v = 0;
    size_t n = 0;
    while (n < s.len && n < 3 && sk_is_digit(s.ptr[n]))
        v = v * 10 + (s.ptr[n++] - '0');
    return v > 255 || (n > 1 && s.ptr[0] == '0') ? 0 : n;
}

static bool is_ipv4(skua_str s) {
    for (int i = 0; i < 4; i++) {
        if (i > 0) {
            if (s.len == 0 || s.ptr[0] != '.')
                return false;
            s.ptr++;
            s.len--;
        }
        size_t n = octet_len(s);
        if (n == 0)
            return false;
        s.ptr += n;
        s.len -= n;
    }
    return s.len == 0;
}

bool sk_ipv6_is_address(skua_str s) {
    int groups = 0;
    bool gap = s.len >= 2 && s.ptr[0] == ':' && s.ptr[1] == ':';
    size_t i = gap ? 2 : 0;
    while (i < s.len) {
        size_t n = 0;
        while (i + n < s.len && n < 5 && sk_hex_value(s.ptr[i + n]) >= 0)
            n++;
        if (i + n < s.len && s.ptr[i + n] == '.') { /* IPv4 in place of the last two groups */
            groups += 2;
            if (!is_ipv4((skua_str){s.ptr + i, s.len - i}))
                return false;
            break;
        }
        if (n < 1 || n > 4)
            return false;
        groups++;
        i += n;
        if (i == s.len)
            break;
        if (s.ptr[i++] != ':' || i == s.len)
            return false;
        if (s.ptr[i] == ':') {
            if (gap)
                return false;
            gap = true;
            i++;
        }
    }
    return gap ? groups <= 7 : groups == 8;
}
