/* client/no_proxy.c - which hosts a no_proxy list lets go straight.
 *
 * No standard says what such a list means. This is what curl, Python and Go agree on; where they
 * differ, it is what covers more. */
#include "client/no_proxy.h"

#include "base/str.h"
#include "sys/socket.h"

/* ---- addresses ---- */

typedef struct digits {
    size_t len; /* of bytes: 4 or 16; 0: it is a name */
    unsigned char bytes[16];
} digits;

/* An IPv4-mapped address is the IPv4 address, to whoever connects to it. */
static void unmap(digits *d) {
    static const unsigned char prefix[12] = {[10] = 0xff, [11] = 0xff};
    if (d->len != 16 || memcmp(d->bytes, prefix, sizeof prefix) != 0)
        return;
    memmove(d->bytes, d->bytes + sizeof prefix, 4);
    d->len = 4;
}

static digits digits_of(skua_str text) {
    digits d = {0};
    sk_addr a;
    const char *zone = text.len > 0 ? memchr(text.ptr, '%', text.len) : NULL;
    if (zone) /* which link it is on is no part of the address */
        text.len = (size_t)(zone - text.ptr);
    if (sk_addr_parse(text, 0, &a))
        d.len = sk_addr_bytes(&a, d.bytes);
    return d;
}

/* Is the entry "10.0.0.0/8", or an address, all bits of which count? */
static bool split_block(skua_str entry, digits *from, int64_t *bits) {
    const char *slash = memchr(entry.ptr, '/', entry.len);
    size_t len = slash ? (size_t)(slash - entry.ptr) : entry.len;
    *from = digits_of((skua_str){entry.ptr, len});
    *bits = (int64_t)from->len * 8;
    if (from->len == 0 || !slash)
        return from->len > 0;
    return sk_str_to_int64((skua_str){slash + 1, entry.len - len - 1}, bits) &&
           *bits <= (int64_t)from->len * 8;
}

static bool covers_address(skua_str entry, const digits *host) {
    digits from;
    int64_t bits;
    if (!split_block(entry, &from, &bits))
        return false;
    size_t unmapped = from.len;
    unmap(&from);
    bits -= (int64_t)(unmapped - from.len) * 8;
    return bits >= 0 && from.len == host->len &&
           sk_addr_same_prefix(from.bytes, host->bytes, (size_t)bits);
}

/* ---- names ---- */

static skua_str without_final_dot(skua_str name) {
    if (name.len > 0 && name.ptr[name.len - 1] == '.')
        name.len--;
    return name;
}

static bool covers_name(skua_str entry, skua_str host) {
    if (entry.len > 1 && entry.ptr[0] == '*' && entry.ptr[1] == '.')
        entry = (skua_str){entry.ptr + 1, entry.len - 1};
    if (entry.len > 0 && entry.ptr[0] == '.')
        entry = (skua_str){entry.ptr + 1, entry.len - 1};
    entry = without_final_dot(entry);
    if (entry.len == 0 || entry.len > host.len || digits_of(entry).len > 0)
        return false;
    size_t above = host.len - entry.len;
    bool whole_label = above == 0 || host.ptr[above - 1] == '.';
    return whole_label && sk_str_ieq((skua_str){host.ptr + above, entry.len}, entry);
}

/* ---- entries ---- */

/* Take ":port" off the end, and brackets off the rest. False: the port is none. *port stays -1
 * where there is none. */
static bool split_port(skua_str *entry, int *port) {
    const char *end = entry->ptr + entry->len;
    const char *colon = memchr(entry->ptr, ':', entry->len);
    if (entry->ptr[0] == '[') {
        const char *bracket = memchr(entry->ptr, ']', entry->len);
        if (!bracket || (bracket + 1 < end && bracket[1] != ':'))
            return false;
        *entry = (skua_str){entry->ptr + 1, (size_t)(bracket - entry->ptr) - 1};
        colon = bracket + 1 < end ? bracket + 1 : NULL;
    } else if (colon && memchr(colon + 1, ':', (size_t)(end - colon) - 1)) {
        return true; /* an IPv6 address by itself */
    } else if (colon) {
        entry->len = (size_t)(colon - entry->ptr);
    }
    int64_t number = -1;
    if (colon && colon + 1 < end &&
        (!sk_str_to_int64((skua_str){colon + 1, (size_t)(end - colon) - 1}, &number) ||
         number > 65535))
        return false;
    *port = (int)number;
    return entry->len > 0;
}

/* The host, as all entries are held against it. */
typedef struct wanted {
    skua_str name;
    digits address;
    int port;
} wanted;

static bool covers(skua_str entry, const wanted *w) {
    int port = -1;
    if (!split_port(&entry, &port) || (port >= 0 && port != w->port))
        return false;
    if (sk_str_eq(entry, SK_LIT("*")))
        return true;
    return w->address.len > 0 ? covers_address(entry, &w->address) : covers_name(entry, w->name);
}

static bool separates(char c) {
    return c == ',' || sk_is_blank(c);
}

/* Take the next entry off *rest. False at the end. */
static bool next_entry(skua_str *rest, skua_str *entry) {
    const char *p = rest->ptr, *end = rest->ptr + rest->len;
    while (p < end && separates(*p))
        p++;
    const char *from = p;
    while (p < end && !separates(*p))
        p++;
    *entry = (skua_str){from, (size_t)(p - from)};
    *rest = (skua_str){p, (size_t)(end - p)};
    return entry->len > 0;
}

skua_str sk_no_proxy_find(skua_str list, skua_str host, int port) {
    wanted w = {.name = without_final_dot(host), .port = port};
    w.address = digits_of(w.name);
    unmap(&w.address);
    skua_str entry;
    while (next_entry(&list, &entry)) {
        if (covers(entry, &w))
            return entry;
    }
    return (skua_str){0};
}
