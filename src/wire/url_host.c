/* wire/url_host.c - the host of a URL as it can be looked up: escapes decoded, in A-labels. */
#include "wire/url.h"

#include "base/str.h"
#include "wire/idna.h"
#include "wire/percent.h"

/* RFC 3986 6.2.2.2: an escape for an unreserved character is that character, and 3.2.2: beyond
 * ASCII, escapes are UTF-8. Any other would make a host that no two readers take for the same. */
static bool decode(skua_str host, sk_buf *out) {
    for (size_t i = 0; i < host.len; i++) {
        char c = host.ptr[i];
        if (c == '%') {
            sk_percent_decode((skua_str){host.ptr + i, 3}, false, &c, 1);
            if ((unsigned char)c < 0x80 && !sk_percent_is_unreserved(c))
                return false;
            i += 2;
        }
        sk_buf_append(out, &c, 1);
    }
    return true;
}

static bool is_ascii(skua_str s) {
    bool ascii = true;
    for (size_t i = 0; ascii && s.ptr && i < s.len; i++)
        ascii = (unsigned char)s.ptr[i] < 0x80;
    return ascii;
}

static int copy(skua_str name, char room[SK_IDNA_MAX + 2], const char **why) {
    *why = "it is longer than 253 characters";
    if (name.len > SK_IDNA_MAX)
        return SKUA_E_INVALID_URL;
    if (name.ptr)
        memcpy(room, name.ptr, name.len);
    room[name.len] = '\0';
    return 0;
}

int sk_url_ascii_host(skua_str *host, char room[SK_IDNA_MAX + 2], const char **why) {
    bool escapes = host->len > 0 && memchr(host->ptr, '%', host->len);
    if (host->len == 0 || (!escapes && is_ascii(*host)))
        return 0;
    sk_buf decoded = {0};
    int rc = SKUA_E_INVALID_URL;
    *why = "an escape in it is for neither a letter, a digit nor UTF-8";
    if (decode(*host, &decoded))
        rc = decoded.failed                   ? SKUA_E_NOMEM
             : is_ascii(sk_buf_str(&decoded)) ? copy(sk_buf_str(&decoded), room, why)
                                              : sk_idna_to_ascii(sk_buf_str(&decoded), room, why);
    sk_buf_free(&decoded);
    if (rc == 0)
        *host = sk_str(room);
    return rc;
}
