/* wire/auth.c - credentials as field values: the Basic scheme (RFC 7617). */
#include "base/base64.h"
#include "base/str.h"

#include <skua/auth.h>
#include <skua/error.h>

static bool has_control(skua_str s) {
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if (c < 0x20 || c == 0x7f)
            return true;
    }
    return false;
}

/* The byte at a place of user ":" password, which stand together nowhere. */
static char byte_at(skua_str user, skua_str password, size_t at) {
    if (at < user.len)
        return user.ptr[at];
    return at == user.len ? ':' : password.ptr[at - user.len - 1];
}

int skua_auth_basic(const char *user, const char *password, char *out, size_t cap) {
    const skua_str scheme = SK_LIT("Basic ");
    if (!user || !password || !out)
        return SKUA_E_INVALID_ARGUMENT;
    skua_str u = sk_str(user), p = sk_str(password);
    /* RFC 7617 2: the first colon ends the user; neither MUST hold a control character. */
    if (memchr(u.ptr, ':', u.len) || has_control(u) || has_control(p))
        return SKUA_E_INVALID_ARGUMENT;
    if (cap < SKUA_AUTH_BASIC_SIZE(u.len + p.len))
        return SKUA_E_INVALID_ARGUMENT;
    memcpy(out, scheme.ptr, scheme.len);
    out += scheme.len;
    size_t len = u.len + 1 + p.len;
    for (size_t at = 0; at < len; out += 4) {
        char group[3];
        size_t n = 0;
        while (n < sizeof group && at < len)
            group[n++] = byte_at(u, p, at++);
        sk_base64_encode(group, n, out);
    }
    *out = '\0';
    return 0;
}
