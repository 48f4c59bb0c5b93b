/* wire/proxy_protocol.c - PROXY protocol headers, strictly as the specification has them:
 *
 *     1: "PROXY TCP4 192.0.2.1 198.51.100.1 49152 443\r\n", TCP6 likewise, or "PROXY UNKNOWN
 * ...\r\n" 2: a signature of 12 bytes, version and command, family, length; addresses; more, passed
 * over
 *
 * Of a version 1 header each part is one way to write it: no zeros before a number, single spaces.
 */
#include "wire/proxy_protocol.h"

#include "wire/ipv6.h"

#include <skua/error.h>
#include <string.h>

#define V1_MAX       107 /* with its CRLF */
#define V1_PARTS     4   /* of a line behind the family */
#define V2_FIXED     16
#define V2_SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define V2_SIGNED    12

static ptrdiff_t refuse(const char **what, const char *why) {
    *what = why;
    return SKUA_E_BAD_FRAMING;
}

static const char not_one[] = "no PROXY protocol header";

/* ---- version 1 ---- */

/* Up to `max`, without a sign or zeros in front. False: it is none. */
static bool take_number(skua_str s, int max, int *out) {
    int value = 0;
    if (s.len == 0 || s.len > 5 || (s.len > 1 && s.ptr[0] == '0'))
        return false;
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return false;
        value = value * 10 + (s.ptr[i] - '0');
    }
    *out = value;
    return value <= max;
}

static bool take_v4(skua_str s, unsigned char out[4]) {
    for (int i = 0; i < 4; i++) {
        const char *dot = s.len > 0 ? memchr(s.ptr, '.', s.len) : NULL;
        size_t len = dot ? (size_t)(dot - s.ptr) : s.len;
        int value;
        if ((dot != NULL) != (i < 3) || !take_number((skua_str){s.ptr, len}, 255, &value))
            return false;
        out[i] = (unsigned char)value;
        if (dot)
            s = (skua_str){dot + 1, s.len - len - 1};
    }
    return true;
}

static int hex_value(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    return (c | 0x20) - 'a' + 10;
}

/* The 16-bit groups of a part without "::"; an IPv4 address at the end is two. Returns the bytes.
 */
static size_t take_groups(skua_str s, unsigned char out[16]) {
    size_t n = 0;
    while (s.len > 0 && n < 16) {
        const char *colon = memchr(s.ptr, ':', s.len);
        size_t len = colon ? (size_t)(colon - s.ptr) : s.len;
        if (memchr(s.ptr, '.', len)) {
            take_v4((skua_str){s.ptr, len}, out + n);
            return n + 4;
        }
        unsigned value = 0;
        for (size_t i = 0; i < len; i++)
            value = value << 4 | (unsigned)hex_value(s.ptr[i]);
        out[n++] = (unsigned char)(value >> 8);
        out[n++] = (unsigned char)value;
        s = colon ? (skua_str){colon + 1, s.len - len - 1} : (skua_str){s.ptr, 0};
    }
    return n;
}

/* The text is known to be an address when it is taken apart. */
static bool take_v6(skua_str s, unsigned char out[16]) {
    unsigned char tail[16];
    if (!sk_ipv6_is_address(s))
        return false;
    const char *gap = NULL;
    for (size_t i = 0; !gap && i + 1 < s.len; i++)
        gap = s.ptr[i] == ':' && s.ptr[i + 1] == ':' ? s.ptr + i : NULL;
    memset(out, 0, 16);
    if (!gap)
        return take_groups(s, out) == 16;
    take_groups((skua_str){s.ptr, (size_t)(gap - s.ptr)}, out);
    size_t n = take_groups((skua_str){gap + 2, (size_t)(s.ptr + s.len - gap) - 2}, tail);
    memcpy(out + 16 - n, tail, n);
    return true;
}

/* Part the line at its spaces. False: it has not so many parts. */
static bool split(skua_str line, skua_str parts[V1_PARTS]) {
    for (int i = 0; i < V1_PARTS; i++) {
        const char *space = line.len > 0 ? memchr(line.ptr, ' ', line.len) : NULL;
        size_t len = space ? (size_t)(space - line.ptr) : line.len;
        if ((space != NULL) != (i < V1_PARTS - 1))
            return false;
        parts[i] = (skua_str){line.ptr, len};
        if (space)
            line = (skua_str){space + 1, line.len - len - 1};
    }
    return true;
}

static bool take_addresses(skua_str line, bool v6, sk_proxy_header *out) {
    skua_str parts[V1_PARTS];
    if (!split(line, parts))
        return false;
    out->address_len = v6 ? 16 : 4;
    bool ok = v6 ? take_v6(parts[0], out->source) && take_v6(parts[1], out->destination)
                 : take_v4(parts[0], out->source) && take_v4(parts[1], out->destination);
    return ok && take_number(parts[2], UINT16_MAX, &out->source_port) &&
           take_number(parts[3], UINT16_MAX, &out->destination_port);
}

/* Does the line begin with the word, and is there an end of it? */
static bool begins(skua_str line, const char *word, size_t len) {
    return line.len >= len && memcmp(line.ptr, word, len) == 0;
}

static ptrdiff_t parse_v1(const char *bytes, size_t len, sk_proxy_header *out, const char **what) {
    size_t room = len < V1_MAX ? len : V1_MAX;
    const char *lf = memchr(bytes, '\n', room);
    if (!lf)
        return room < V1_MAX ? 0 : refuse(what, "a PROXY line that is too long");
    size_t line_len = (size_t)(lf - bytes);
    if (line_len == 0 || bytes[line_len - 1] != '\r')
        return refuse(what, "a PROXY line that does not end in CRLF");
    skua_str line = {bytes + 6, line_len - 1 - 6}; /* behind "PROXY " */
    if (begins(line, "UNKNOWN", 7) && (line.len == 7 || line.ptr[7] == ' '))
        return (ptrdiff_t)line_len + 1;
    bool v4 = begins(line, "TCP4 ", 5);
    bool ok = (v4 || begins(line, "TCP6 ", 5)) &&
              take_addresses((skua_str){line.ptr + 5, line.len - 5}, !v4, out);
    return ok ? (ptrdiff_t)line_len + 1 : refuse(what, "a malformed PROXY line");
}

/* ---- version 2 ---- */

static int take_port(const unsigned char *at) {
    return at[0] << 8 | at[1];
}

static ptrdiff_t parse_v2(const char *bytes, size_t len, sk_proxy_header *out, const char **what) {
    enum { PROXY = 1 }; /* 0: it speaks for itself */
    enum { INET = 1, INET6 = 2, UNIX = 3 };
    const unsigned char *b = (const unsigned char *)bytes;
    if (len < V2_FIXED)
        return 0;
    unsigned version = b[12] >> 4, command = b[12] & 15, family = b[13] >> 4, kind = b[13] & 15;
    size_t whole = V2_FIXED + (size_t)take_port(b + 14);
    bool known = family <= UNIX && kind <= 2 && (family == 0) == (kind == 0);
    if (version != 2 || command > PROXY || (command == PROXY && !known))
        return refuse(what, "a PROXY header of an unknown version, command or family");
    size_t address = family == INET ? 4 : family == INET6 ? 16 : 0;
    if (whole > SK_PROXY_HEADER_MAX)
        return refuse(what, "a PROXY header that is too long");
    bool said = command == PROXY && address > 0;
    if (said && whole < V2_FIXED + 2 * address + 4)
        return refuse(what, "a PROXY header without room for its addresses");
    if (len < whole)
        return 0;
    if (said) {
        const unsigned char *at = b + V2_FIXED;
        out->address_len = address;
        memcpy(out->source, at, address);
        memcpy(out->destination, at + address, address);
        out->source_port = take_port(at + 2 * address);
        out->destination_port = take_port(at + 2 * address + 2);
    }
    return (ptrdiff_t)whole;
}

/* ---- either ---- */

ptrdiff_t sk_proxy_protocol_parse(const char *bytes, size_t len, sk_proxy_header *out,
                                  const char **what) {
    static const char v1[] = "PROXY ";
    size_t v1_len = len < sizeof v1 - 1 ? len : sizeof v1 - 1;
    size_t v2_len = len < V2_SIGNED ? len : V2_SIGNED;
    sk_proxy_header header = {.address_len = 0};
    ptrdiff_t n;
    if (memcmp(bytes, v1, v1_len) == 0)
        n = v1_len < sizeof v1 - 1 ? 0 : parse_v1(bytes, len, &header, what);
    else if (memcmp(bytes, V2_SIGNATURE, v2_len) == 0)
        n = v2_len < V2_SIGNED ? 0 : parse_v2(bytes, len, &header, what);
    else
        n = refuse(what, not_one);
    if (n > 0)
        *out = header;
    return n;
}
