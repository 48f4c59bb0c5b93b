/* net/network_policy.c - which addresses are not of the public internet: IANA's registries of
 * special-purpose addresses (RFC 6890 and its successors), multicast, and what is not allocated.
 *
 * An IPv6 address may stand for an IPv4 one, to which a translator or relay then connects: that one
 * counts as well. */
#include "net/network_policy.h"

#include <stdio.h>
#include <string.h>

/* ---- IPv4 ---- */

typedef struct block4 {
    unsigned char from[4];
    unsigned bits;
    const char *what;
} block4;

/* A narrower block stands before the wider one that holds it. */
static const block4 blocks4[] = {
    {{0, 0, 0, 0}, 8, "\"this network\" (RFC 791)"},
    {{10, 0, 0, 0}, 8, "private (RFC 1918)"},
    {{100, 64, 0, 0}, 10, "shared behind carriers' NAT (RFC 6598)"},
    {{127, 0, 0, 0}, 8, "loopback (RFC 1122)"},
    {{169, 254, 0, 0}, 16, "link-local (RFC 3927)"},
    {{172, 16, 0, 0}, 12, "private (RFC 1918)"},
    {{192, 0, 0, 0}, 24, "for protocol assignments (RFC 6890)"},
    {{192, 0, 2, 0}, 24, "for documentation (RFC 5737)"},
    {{192, 88, 99, 0}, 24, "of former 6to4 relays (RFC 7526)"},
    {{192, 168, 0, 0}, 16, "private (RFC 1918)"},
    {{198, 18, 0, 0}, 15, "for benchmarks (RFC 2544)"},
    {{198, 51, 100, 0}, 24, "for documentation (RFC 5737)"},
    {{203, 0, 113, 0}, 24, "for documentation (RFC 5737)"},
    {{224, 0, 0, 0}, 4, "multicast (RFC 5771)"},
    {{255, 255, 255, 255}, 32, "broadcast (RFC 919)"},
    {{240, 0, 0, 0}, 4, "reserved (RFC 1112)"},
};

static const char *fault4(const unsigned char *address) {
    for (size_t i = 0; i < sizeof blocks4 / sizeof blocks4[0]; i++) {
        if (sk_addr_same_prefix(address, blocks4[i].from, blocks4[i].bits))
            return blocks4[i].what;
    }
    return NULL;
}

/* ---- IPv6 ---- */

typedef struct block6 {
    unsigned char from[16];
    unsigned bits;
    const char *what;        /* NULL: it is public, if the IPv4 address in it is */
    unsigned ipv4_at;        /* 0: there is none */
    unsigned ipv4_masked_at; /* another one, its bits turned around; 0: there is none */
    bool mapped;
} block6;

/* The first that fits decides. */
static const block6 blocks6[] = {
    {{0}, 128, .what = "unspecified (RFC 4291)"},
    {{[15] = 1}, 128, .what = "loopback (RFC 4291)"},
    {{[10] = 0xff, [11] = 0xff},
     96,
     .what = NULL,
     .ipv4_at = 12,
     .mapped = true},                                            /* RFC 4291 2.5.5.2 */
    {{0}, 96, .what = "IPv4-compatible (RFC 4291)"},             /* deprecated */
    {{0x00, 0x64, 0xff, 0x9b}, 96, .what = NULL, .ipv4_at = 12}, /* NAT64, RFC 6052 */
    {{0x00, 0x64, 0xff, 0x9b, 0, 1}, 48, .what = "local NAT64 (RFC 8215)"},
    {{0x01}, 64, .what = "discard-only (RFC 6666)"},
    {{0x20, 0x01}, 32, .what = NULL, .ipv4_at = 4, .ipv4_masked_at = 12}, /* Teredo, RFC 4380 4 */
    {{0x20, 0x01, 0, 2}, 48, .what = "for benchmarks (RFC 5180)"},
    {{0x20, 0x01, 0, 0x10}, 28, .what = "no address but an ORCHID (RFC 4843)"},
    {{0x20, 0x01, 0, 0x20}, 28, .what = "no address but an ORCHID (RFC 7343)"},
    {{0x20, 0x01}, 23, .what = "for protocol assignments (RFC 2928)"},
    {{0x20, 0x01, 0x0d, 0xb8}, 32, .what = "for documentation (RFC 3849)"},
    {{0x20, 0x02}, 16, .what = NULL, .ipv4_at = 2}, /* 6to4, RFC 3056 2 */
    {{0x3f, 0xff}, 20, .what = "for documentation (RFC 9637)"},
    {{0x20}, 3, .what = NULL}, /* global unicast, RFC 4291 */
    {{0x5f}, 16, .what = "for segment routing (RFC 9602)"},
    {{0xfc}, 7, .what = "unique local (RFC 4193)"},
    {{0xfe, 0x80}, 10, .what = "link-local (RFC 4291)"},
    {{0xfe, 0xc0}, 10, .what = "site-local (RFC 3879)"},
    {{0xff}, 8, .what = "multicast (RFC 4291)"},
    {{0}, 0, .what = "reserved (RFC 4291)"},
};

static const block6 *find6(const unsigned char *address) {
    const block6 *b = blocks6;
    while (!sk_addr_same_prefix(address, b->from, b->bits))
        b++;
    return b;
}

/* RFC 4380 4: a Teredo client's address is hidden from NATs that rewrite what looks like one. */
static const char *fault_masked(const unsigned char *at) {
    unsigned char plain[4];
    for (int i = 0; i < 4; i++)
        plain[i] = (unsigned char)(at[i] ^ 0xff);
    return fault4(plain);
}

static const char *fault_within(const block6 *b, const unsigned char *address) {
    const char *what = b->ipv4_at ? fault4(address + b->ipv4_at) : NULL;
    if (!what && b->ipv4_masked_at)
        what = fault_masked(address + b->ipv4_masked_at);
    return what;
}

const char *sk_network_policy_fault(const sk_addr *a, char room[SK_NETWORK_POLICY_TEXT]) {
    unsigned char bytes[16];
    size_t len = sk_addr_bytes(a, bytes);
    if (len == 0)
        return "is a Unix socket";
    const block6 *b = len == sizeof bytes ? find6(bytes) : NULL;
    const char *what = b ? b->what : fault4(bytes);
    const char *within = b && !what ? fault_within(b, bytes) : NULL;
    if (!what && !within)
        return NULL;
    /* To the system a mapped address is the IPv4 address, and is shown as such. */
    bool holds = within && !b->mapped;
    snprintf(room, SK_NETWORK_POLICY_TEXT, "%s %s", holds ? "holds an IPv4 address that is" : "is",
             within ? within : what);
    return room;
}
