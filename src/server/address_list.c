/* server/address_list.c - a list of addresses and blocks of them, in words. */
#include "server/address_list.h"

#include "base/fail.h"
#include "base/mem.h"
#include "base/str.h"

/* All are held as IPv6: an IPv4 address as the mapped one. */
typedef struct block {
    unsigned char from[16];
    size_t bits;
} block;

struct sk_address_list {
    bool has_unix;
    size_t count;
    block blocks[];
};

#define MAPPED_BITS 96u

/* False: it has none, as that of a Unix socket. */
static bool map(const sk_addr *a, unsigned char out[16]) {
    unsigned char bytes[16];
    size_t len = sk_addr_bytes(a, bytes);
    memset(out, 0, 16);
    if (len == 4)
        out[10] = out[11] = 0xff;
    if (len > 0)
        memcpy(out + 16 - len, bytes, len);
    return len > 0;
}

static bool parse_block(skua_str text, block *b) {
    const char *slash = memchr(text.ptr, '/', text.len);
    skua_str address = {text.ptr, slash ? (size_t)(slash - text.ptr) : text.len};
    sk_addr a;
    if (!sk_addr_parse(address, 0, &a) || !map(&a, b->from))
        return false;
    size_t before = a.ss.ss_family == AF_INET ? MAPPED_BITS : 0;
    int64_t bits = (int64_t)(128 - before);
    if (slash && !sk_str_to_int64((skua_str){slash + 1, text.len - address.len - 1}, &bits))
        return false;
    b->bits = before + (size_t)bits;
    return b->bits <= 128;
}

static bool separates(char c) {
    return c == ',' || sk_is_blank(c);
}

/* Take the next entry off *rest. False at the end. */
static bool next_entry(const char **rest, skua_str *entry) {
    const char *p = *rest;
    while (separates(*p))
        p++;
    const char *from = p;
    while (*p && !separates(*p))
        p++;
    *entry = (skua_str){from, (size_t)(p - from)};
    *rest = p;
    return entry->len > 0;
}

static int parse(sk_address_list *l, const char *text, skua_error *err) {
    skua_str entry;
    for (const char *rest = text; next_entry(&rest, &entry);) {
        if (sk_str_eq(entry, SK_LIT("unix")))
            l->has_unix = true;
        else if (parse_block(entry, &l->blocks[l->count]))
            l->count++;
        else
            return sk_fail(err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_NONE,
                           "\"%s\": \"%.*s\" is neither an address, a block of them nor \"unix\"",
                           text, (int)(entry.len < 64 ? entry.len : 64), entry.ptr);
    }
    if (l->count > 0 || l->has_unix)
        return 0;
    return sk_fail(err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_NONE, "an empty list of addresses");
}

sk_address_list *sk_address_list_new(const char *text, skua_error *err) {
    size_t most = strlen(text) / 2 + 1; /* an entry has a byte at least, and one behind it */
    sk_address_list *l = sk_zalloc(sizeof *l + most * sizeof l->blocks[0]);
    if (!l)
        sk_fail_nomem(err);
    if (!l || parse(l, text, err) == 0)
        return l;
    sk_address_list_free(l);
    return NULL;
}

void sk_address_list_free(sk_address_list *l) {
    sk_free(l);
}

bool sk_address_list_has(const sk_address_list *l, const sk_addr *a) {
    unsigned char mapped[16];
    if (!l)
        return false;
    if (!map(a, mapped))
        return l->has_unix && a->ss.ss_family == AF_UNIX;
    for (size_t i = 0; i < l->count; i++) {
        if (sk_addr_same_prefix(l->blocks[i].from, mapped, l->blocks[i].bits))
            return true;
    }
    return false;
}
