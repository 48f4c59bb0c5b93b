/* wire/proxy_protocol.h - the header by which a proxy says whose connection it passes on (the PROXY
 * protocol of haproxy.org, versions 1 and 2). It stands before all else that the connection
 * carries. */
#ifndef SK_WIRE_PROXY_PROTOCOL_H
#define SK_WIRE_PROXY_PROTOCOL_H

#include <skua/types.h>
#include <stdbool.h>

/* A longer header is refused; version 1 has at most 107 bytes. */
#define SK_PROXY_HEADER_MAX 4096

typedef struct sk_proxy_header {
    size_t address_len; /* 4, 16, or 0: the proxy speaks for itself, or does not know */
    unsigned char source[16];
    unsigned char destination[16];
    int source_port;
    int destination_port;
} sk_proxy_header;

/* Parse a header at the beginning of bytes. Returns how long it is, with *out; 0: it is not whole
 * yet; SKUA_E_BAD_FRAMING, with *what (static text). What a version 2 header carries behind the
 * addresses is passed over, as are addresses of Unix sockets. */
ptrdiff_t sk_proxy_protocol_parse(const char *bytes, size_t len, sk_proxy_header *out,
                                  const char **what);

#endif
