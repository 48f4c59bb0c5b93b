/* sys/addr.c - addresses from text and to text. Names are resolved in sys/resolve.c. */
#include "base/str.h"
#include "sys/socket.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#define UNIX_HEAD offsetof(struct sockaddr_un, sun_path)

/* "eth0" or "2". 0: there is no such interface. */
static uint32_t scope_id(const char *scope) {
    unsigned id = if_nametoindex(scope);
    int64_t number = 0;
    if (id == 0 && sk_str_to_int64(sk_str(scope), &number) && number <= UINT32_MAX)
        id = (unsigned)number;
    return id;
}

static bool parse_v6(char *text, int port, sk_addr *out) {
    struct sockaddr_in6 in = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    char *percent = strchr(text, '%');
    if (percent) {
        *percent = '\0';
        in.sin6_scope_id = scope_id(percent + 1);
        if (in.sin6_scope_id == 0)
            return false;
    }
    if (inet_pton(AF_INET6, text, &in.sin6_addr) != 1)
        return false;
    *out = (sk_addr){.len = sizeof in};
    memcpy(&out->ss, &in, sizeof in);
    return true;
}

bool sk_addr_parse(skua_str host, int port, sk_addr *out) {
    char text[INET6_ADDRSTRLEN + 1 + IF_NAMESIZE];
    if (host.len == 0 || host.len >= sizeof text || port < 0 || port > UINT16_MAX ||
        memchr(host.ptr, '\0', host.len) != NULL)
        return false;
    memcpy(text, host.ptr, host.len);
    text[host.len] = '\0';

    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    if (inet_pton(AF_INET, text, &in.sin_addr) != 1)
        return parse_v6(text, port, out);
    *out = (sk_addr){.len = sizeof in};
    memcpy(&out->ss, &in, sizeof in);
    return true;
}

int sk_addr_unix(skua_str path, sk_addr *out) {
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    bool abstract = path.len > 0 && path.ptr[0] == '@';
    if (path.len == 0 || (abstract && path.len == 1) || path.len >= sizeof un.sun_path ||
        memchr(path.ptr, '\0', path.len) != NULL)
        return SKUA_E_INVALID_ARGUMENT;
    memcpy(un.sun_path, path.ptr, path.len);
    /* An abstract name begins with NUL and ends where the length says, a path with its NUL. */
    if (abstract)
        un.sun_path[0] = '\0';
    size_t len = UNIX_HEAD + path.len + (abstract ? 0 : 1);
    *out = (sk_addr){.len = (socklen_t)len};
    memcpy(&out->ss, &un, sizeof un);
    return 0;
}

static void format_v4(const struct in_addr *in, unsigned port, char out[SK_ADDR_TEXT]) {
    char text[INET_ADDRSTRLEN];
    inet_ntop(AF_INET, in, text, sizeof text);
    snprintf(out, SK_ADDR_TEXT, "%s:%u", text, port);
}

static void format_v6(const struct sockaddr_in6 *in, char out[SK_ADDR_TEXT]) {
    unsigned port = ntohs(in->sin6_port);
    if (IN6_IS_ADDR_V4MAPPED(&in->sin6_addr)) {
        struct in_addr v4;
        memcpy(&v4, &in->sin6_addr.s6_addr[12], sizeof v4);
        format_v4(&v4, port, out);
        return;
    }
    char text[INET6_ADDRSTRLEN];
    char scope[1 + IF_NAMESIZE] = "";
    inet_ntop(AF_INET6, &in->sin6_addr, text, sizeof text);
    if (in->sin6_scope_id != 0) {
        scope[0] = '%';
        if (if_indextoname(in->sin6_scope_id, scope + 1) == NULL)
            snprintf(scope + 1, sizeof scope - 1, "%u", (unsigned)in->sin6_scope_id);
    }
    /* Scoped addresses are link-local, hence short: only a made-up one could be cut. */
    snprintf(out, SK_ADDR_TEXT, "[%.*s%s]:%u", 47 - (int)strlen(scope), text, scope, port);
}

static void format_unix(const struct sockaddr_un *un, size_t len, char out[SK_ADDR_TEXT]) {
    size_t room = len > UNIX_HEAD ? len - UNIX_HEAD : 0;
    const char *path = un->sun_path;
    if (room > 0 && path[0] == '\0')
        snprintf(out, SK_ADDR_TEXT, "unix:@%.*s", (int)(room - 1), path + 1);
    else
        snprintf(out, SK_ADDR_TEXT, "unix:%.*s", (int)room, path);
}

void sk_addr_format(const struct sockaddr *sa, socklen_t len, char out[SK_ADDR_TEXT]) {
    /* Copied, since a sockaddr_storage may not be read as another struct. */
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    struct sockaddr_un un = {0};
    out[0] = '\0';
    if (!sa || len < sizeof sa->sa_family)
        return;
    if (sa->sa_family == AF_INET && len >= sizeof in) {
        memcpy(&in, sa, sizeof in);
        format_v4(&in.sin_addr, ntohs(in.sin_port), out);
    } else if (sa->sa_family == AF_INET6 && len >= sizeof in6) {
        memcpy(&in6, sa, sizeof in6);
        format_v6(&in6, out);
    } else if (sa->sa_family == AF_UNIX) {
        size_t used = len < sizeof un ? len : sizeof un;
        memcpy(&un, sa, used);
        format_unix(&un, used, out);
    }
}

size_t sk_addr_bytes(const sk_addr *a, unsigned char out[16]) {
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    if (a->ss.ss_family == AF_INET) {
        memcpy(&in, &a->ss, sizeof in);
        memcpy(out, &in.sin_addr, sizeof in.sin_addr);
        return sizeof in.sin_addr;
    }
    if (a->ss.ss_family != AF_INET6)
        return 0;
    memcpy(&in6, &a->ss, sizeof in6);
    memcpy(out, &in6.sin6_addr, sizeof in6.sin6_addr);
    return sizeof in6.sin6_addr;
}

bool sk_addr_same_prefix(const unsigned char *a, const unsigned char *b, size_t bits) {
    size_t whole = bits / 8, rest = bits % 8;
    return memcmp(a, b, whole) == 0 && (rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0);
}

void sk_addr_from_bytes(const unsigned char *bytes, size_t len, int port, sk_addr *out) {
    struct sockaddr_in in = {.sin_family = AF_INET};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
    if (len == sizeof in.sin_addr) {
        memcpy(&in.sin_addr, bytes, len);
        *out = (sk_addr){.len = sizeof in};
        memcpy(&out->ss, &in, sizeof in);
    } else {
        memcpy(&in6.sin6_addr, bytes, sizeof in6.sin6_addr);
        *out = (sk_addr){.len = sizeof in6};
        memcpy(&out->ss, &in6, sizeof in6);
    }
    sk_addr_set_port(out, port);
}

/* sin_port and sin6_port stand at the same place. */
_Static_assert(offsetof(struct sockaddr_in, sin_port) == offsetof(struct sockaddr_in6, sin6_port),
               "the port's place depends on the family");

static bool has_port(const sk_addr *a) {
    return a->ss.ss_family == AF_INET || a->ss.ss_family == AF_INET6;
}

int sk_addr_port(const sk_addr *a) {
    in_port_t port = 0;
    if (has_port(a))
        memcpy(&port, (const char *)&a->ss + offsetof(struct sockaddr_in, sin_port), sizeof port);
    return ntohs(port);
}

void sk_addr_set_port(sk_addr *a, int port) {
    in_port_t value = htons((uint16_t)port);
    if (has_port(a))
        memcpy((char *)&a->ss + offsetof(struct sockaddr_in, sin_port), &value, sizeof value);
}
