/* fuzz/fuzz_url.c - URL references: what is accepted keeps its promises.
 *
 * Input: a base URL, a line feed, a reference. */
#include "base/mem.h"
#include "base/str.h"
#include "wire/url.h"

#include <skua/url.h>
#include <stdlib.h>

static void require(bool holds) {
    if (!holds)
        abort();
}

static bool is_uri_char(char c) {
    return c > 0x20 && c < 0x7f && !strchr("\"<>\\^`{|}", c);
}

/* The parts, with what stands between them, make up the text again. */
static void check_split(skua_str text) {
    sk_url_parts u;
    const char *what = NULL;
    size_t at = SIZE_MAX;
    if (!sk_url_split(text, &u, &what, &at)) {
        require(what && at <= text.len);
        return;
    }
    size_t len = u.path.len;
    len += u.scheme.ptr ? u.scheme.len + 1 : 0;
    len += u.host.ptr ? 2 + u.host.len + (u.ipv6 ? 2 : 0) : 0;
    len += u.userinfo.ptr ? u.userinfo.len + 1 : 0;
    len += u.port.ptr ? u.port.len + 1 : 0;
    len += u.query.ptr ? u.query.len + 1 : 0;
    len += u.fragment.ptr ? u.fragment.len + 1 : 0;
    require(len == text.len);
}

static void check_authority(skua_str text) {
    skua_str host;
    int port;
    if (!sk_url_check_authority(text, &host, &port))
        return;
    require(port >= -1 && port <= 65535);
    require(host.len <= text.len);
    for (size_t i = 0; i < host.len; i++)
        require(is_uri_char(host.ptr[i]) && !strchr("/?#@", host.ptr[i]));
}

/* Whatever is shown of it is short, terminated, and holds nothing of what lies in front of an '@'
 * of the authority. */
static void check_show(skua_str text) {
    char shown[SK_URL_SHOWN];
    memset(shown, 'x', sizeof shown);
    sk_url_show(text, shown);
    require(memchr(shown, '\0', sizeof shown));
    sk_url_parts u;
    const char *what;
    size_t at;
    if (!sk_url_split_international(text, &u, &what, &at) || u.userinfo.len == 0)
        return;
    const char *behind = strstr(shown, "***@");
    require(behind || strlen(shown) == SK_URL_SHOWN - 1); /* a scheme can be as long as that */
}

/* Decoded text with each byte escaped again decodes to the same. */
static void check_decode(skua_str text) {
    char *once = sk_alloc(text.len + 1), *escaped = sk_alloc(3 * text.len + 1);
    ptrdiff_t n = once && escaped ? sk_url_decode(text, once) : -1;
    for (ptrdiff_t i = 0; i < n; i++) {
        escaped[3 * i] = '%';
        escaped[3 * i + 1] = "0123456789abcdef"[(unsigned char)once[i] >> 4];
        escaped[3 * i + 2] = "0123456789ABCDEF"[once[i] & 15];
    }
    if (n >= 0) {
        require((size_t)n <= text.len && !memchr(once, '\0', (size_t)n));
        require(sk_url_decode((skua_str){escaped, 3 * (size_t)n}, escaped) == n);
        require(memcmp(escaped, once, (size_t)n) == 0);
    }
    sk_free(once);
    sk_free(escaped);
}

static bool has_dot_segment(const char *path) {
    for (const char *s = path; s; s = strchr(s, '/')) {
        s += *s == '/';
        size_t n = strcspn(s, "/");
        if ((n == 1 && s[0] == '.') || (n == 2 && s[0] == '.' && s[1] == '.'))
            return true;
    }
    return false;
}

static void check_object(const skua_url *u) {
    const char *text = skua_url_text(u);
    require(strlen(text) <= 65535);
    for (const char *p = text; *p; p++)
        require(is_uri_char(*p));
    require(skua_url_path(u)[0] == '/');
    require(strncmp(skua_url_target(u), skua_url_path(u), strlen(skua_url_path(u))) == 0);
    require(skua_url_host(u)[0] != '\0');
    skua_str host;
    int port;
    require(sk_url_check_authority(sk_str(skua_url_authority(u)), &host, &port));
    require(port == -1 || port == skua_url_port(u));

    skua_url *again = NULL;
    int rc = skua_url_parse(text, &again, NULL);
    if (rc == SKUA_E_NOMEM)
        return;
    require(rc == 0);
    require(strcmp(skua_url_text(again), text) == 0);
    require(strcmp(skua_url_host(again), skua_url_host(u)) == 0);
    require(strcmp(skua_url_authority(again), skua_url_authority(u)) == 0);
    require(strcmp(skua_url_target(again), skua_url_target(u)) == 0);
    require(skua_url_port(again) == skua_url_port(u));
    skua_url_free(again);
}

static void check_join(const skua_url *base, const char *reference) {
    skua_url *joined = NULL, *twice = NULL;
    if (skua_url_join(base, reference, &joined, NULL) != 0)
        return;
    check_object(joined);
    require(!has_dot_segment(skua_url_path(joined)));
    require(skua_url_join(base, skua_url_text(joined), &twice, NULL) == 0);
    require(strcmp(skua_url_path(twice), skua_url_path(joined)) == 0);
    skua_url_free(twice);
    skua_url_free(joined);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    skua_str all = {(const char *)data, size};
    check_split(all);
    check_authority(all);
    check_decode(all);
    check_show(all);

    char *text = sk_strndup(all.ptr, size);
    if (!text)
        return 0;
    char *line_end = strchr(text, '\n');
    const char *reference = line_end ? line_end + 1 : "";
    if (line_end)
        *line_end = '\0';
    skua_url *base = NULL;
    if (skua_url_parse(text, &base, NULL) == 0) {
        check_object(base);
        check_join(base, reference);
    }
    skua_url_free(base);
    sk_free(text);
    return 0;
}
