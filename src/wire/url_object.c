/* wire/url_object.c - the public skua_url: http and https URLs in normal form, and joining them.
 *
 * An object is one block: the struct, then its strings, each terminated. It is built in an sk_buf,
 * whose memory it takes over; so places in it are offsets, not pointers. */
#include "wire/url.h"

#include "base/buf.h"
#include "base/fail.h"
#include "base/mem.h"
#include "base/str.h"

#include <skua/url.h>
#include <string.h>

/* Longer ones are refused. RFC 9110 4.1 asks for 8000 at least. */
#define TEXT_MAX 65535

struct skua_url {
    uint32_t text, scheme, host, authority, target, path;
    uint32_t query, fragment; /* 0: there is none */
    int port;
};

/* ---- building ---- */

static int default_port(skua_str scheme) {
    return sk_str_ieq(scheme, SK_LIT("https")) ? SKUA_HTTPS_PORT : SKUA_HTTP_PORT;
}

static void append_lower(sk_buf *b, skua_str s) {
    char *to = sk_buf_reserve(b, s.len);
    for (size_t i = 0; to && i < s.len; i++)
        to[i] = sk_lower(s.ptr[i]);
    if (to)
        sk_buf_commit(b, s.len);
}

/* The host in lower case, brackets and zone left to the caller. Returns the zone, "%25" included:
 * its case matters, and not everybody is to see it. */
static skua_str append_address(sk_buf *b, const sk_url_parts *u) {
    skua_str address = u->host;
    const char *zone = u->ipv6 ? memchr(address.ptr, '%', address.len) : NULL;
    if (zone)
        address.len = (size_t)(zone - address.ptr);
    append_lower(b, address);
    return (skua_str){address.ptr + address.len, u->host.len - address.len};
}

static void append_authority(sk_buf *b, const sk_url_parts *u, int port, bool with_zone) {
    if (u->ipv6)
        sk_buf_append(b, "[", 1);
    skua_str zone = append_address(b, u);
    if (with_zone)
        sk_buf_append_str(b, zone);
    if (u->ipv6)
        sk_buf_append(b, "]", 1);
    if (port != default_port(u->scheme)) {
        sk_buf_append(b, ":", 1);
        sk_buf_append_uint(b, (uint64_t)port);
    }
}

static void append_path(sk_buf *b, const sk_url_parts *u) {
    /* RFC 9110 4.2.3: an empty path is the same as "/". */
    sk_url_append_escaped(b, u->path.len > 0 ? u->path : SK_LIT("/"));
}

static void append_target(sk_buf *b, const sk_url_parts *u) {
    append_path(b, u);
    if (u->query.ptr) {
        sk_buf_append(b, "?", 1);
        sk_url_append_escaped(b, u->query);
    }
}

static void append_text(sk_buf *b, const sk_url_parts *u, int port) {
    append_lower(b, u->scheme);
    sk_buf_append(b, "://", 3);
    append_authority(b, u, port, true);
    append_target(b, u);
    if (u->fragment.ptr) {
        sk_buf_append(b, "#", 1);
        sk_url_append_escaped(b, u->fragment);
    }
}

/* End a string of the object. Returns where the next one begins. */
static uint32_t end_string(sk_buf *b) {
    sk_buf_append(b, "", 1);
    return (uint32_t)sk_buf_len(b);
}

static void build(sk_buf *b, const sk_url_parts *u, int port) {
    skua_url url = {.port = port};
    sk_buf_append(b, &url, sizeof url);
    url.text = (uint32_t)sk_buf_len(b);
    append_text(b, u, port);
    url.scheme = end_string(b);
    append_lower(b, u->scheme);
    url.host = end_string(b);
    skua_str zone = append_address(b, u);
    if (zone.len > 0) { /* "%25eth0" in a URL is "%eth0" to the system */
        sk_buf_append(b, "%", 1);
        sk_buf_append(b, zone.ptr + 3, zone.len - 3);
    }
    url.authority = end_string(b);
    append_authority(b, u, port, false); /* RFC 6874 4: a zone MUST NOT leave the machine */
    url.target = end_string(b);
    append_target(b, u);
    url.path = end_string(b);
    append_path(b, u);
    uint32_t next = end_string(b);
    if (u->query.ptr) {
        url.query = next;
        sk_url_append_escaped(b, u->query);
        next = end_string(b);
    }
    if (u->fragment.ptr) {
        url.fragment = next;
        sk_url_append_escaped(b, u->fragment);
        end_string(b);
    }
    if (!b->failed)
        memcpy(b->data, &url, sizeof url);
}

static int too_long(skua_str text, skua_error *err) {
    return sk_url_fail(err, text, "longer than %d bytes", TEXT_MAX);
}

static int make(const sk_url_parts *u, skua_url **out, skua_error *err) {
    int port = -1;
    sk_url_port(u->port, &port);
    sk_buf b = {0};
    build(&b, u, port >= 0 ? port : default_port(u->scheme));
    if (b.failed) {
        sk_buf_free(&b);
        return sk_fail_nomem(err);
    }
    skua_url *url = (void *)b.data;
    if (url->scheme - url->text > TEXT_MAX + 1) { /* its own escapes can have made it so */
        int rc = too_long(sk_str(skua_url_text(url)), err);
        sk_buf_free(&b);
        return rc;
    }
    *out = url;
    return 0;
}

/* ---- judging ---- */

/* What http asks of those parts that are there (RFC 9110 4.2). NULL, or what is wrong and where. */
static const char *http_fault(const sk_url_parts *u, const char **at) {
    int port;
    if (u->scheme.ptr) {
        *at = u->scheme.ptr;
        if (!sk_str_ieq(u->scheme, SK_LIT("http")) && !sk_str_ieq(u->scheme, SK_LIT("https")))
            return "a scheme that is neither http nor https";
        *at += u->scheme.len + 1;
        if (!u->host.ptr)
            return "no // and host behind the scheme";
    }
    if (!u->host.ptr)
        return NULL;
    /* RFC 9110 4.2.4: user information hides which host is meant. */
    *at = u->userinfo.ptr;
    if (u->userinfo.ptr)
        return "user information in front of the host (send what skua_auth_basic makes of it)";
    /* RFC 9110 4.2.1, 4.2.2: an empty host MUST be rejected. */
    *at = u->host.ptr;
    if (u->host.len == 0)
        return "an empty host";
    *at = u->port.ptr;
    return sk_url_port(u->port, &port) ? NULL : "a port above 65535";
}

/* RFC 3986 3.2.2: a name is brought into the form that is looked up. */
static int ascii_host(skua_str text, sk_url_parts *u, char room[SK_IDNA_MAX + 2], skua_error *err) {
    skua_str host = u->host;
    const char *why;
    int rc = u->ipv6 ? 0 : sk_url_ascii_host(&u->host, room, &why);
    if (rc == SKUA_E_NOMEM)
        return sk_fail_nomem(err);
    if (rc == 0)
        return 0;
    return sk_url_fail(err, text, "the host \"%.*s\": %s",
                       host.len < SK_URL_SHOWN ? (int)host.len : SK_URL_SHOWN, host.ptr, why);
}

/* The host may lie in `room` afterwards. */
static int split(skua_str text, sk_url_parts *u, char room[SK_IDNA_MAX + 2], skua_error *err) {
    const char *what;
    size_t at;
    if (text.len > TEXT_MAX)
        return too_long(text, err);
    if (!sk_url_split_international(text, u, &what, &at))
        return sk_url_fail_at(err, text, what, at);
    const char *where;
    what = http_fault(u, &where);
    if (what)
        return sk_url_fail_at(err, text, what, (size_t)(where - text.ptr));
    return ascii_host(text, u, room, err);
}

/* Measured no further than needed to see that it is too long. */
static skua_str bounded(const char *text) {
    return (skua_str){text, strnlen(text, TEXT_MAX + 1)};
}

/* ---- the interface ---- */

int skua_url_parse(const char *text, skua_url **out, skua_error *err) {
    if (!text || !out)
        return sk_fail(err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_NONE,
                       "skua_url_parse: text and out must not be NULL");
    sk_url_parts u = {0};
    char host[SK_IDNA_MAX + 2];
    int rc = split(bounded(text), &u, host, err);
    if (rc != 0)
        return rc;
    if (!u.scheme.ptr)
        return sk_url_fail(err, bounded(text), "it does not begin with http:// or https://");
    return make(&u, out, err);
}

/* RFC 3986 5.2.3: the base's path up to its last slash, then the reference's. */
static void merge_paths(sk_buf *b, skua_str base, skua_str reference) {
    while (base.len > 0 && base.ptr[base.len - 1] != '/')
        base.len--;
    sk_buf_append_str(b, base);
    sk_buf_append_str(b, reference);
}

/* RFC 3986 5.2.2, but for the removal of dot segments: turn the reference r into the target. The
 * path goes into a buffer. */
static void resolve(const sk_url_parts *base, sk_url_parts *r, sk_buf *path) {
    /* RFC 9110 10.2.2: a redirection without a fragment inherits the one there is. */
    if (!r->fragment.ptr)
        r->fragment = base->fragment;
    if (!r->scheme.ptr)
        r->scheme = base->scheme;
    if (r->host.ptr) {
        sk_buf_append_str(path, r->path);
        return;
    }
    r->host = base->host;
    r->port = base->port;
    r->ipv6 = base->ipv6;
    if (r->path.len == 0) {
        sk_buf_append_str(path, base->path);
        if (!r->query.ptr)
            r->query = base->query;
    } else if (r->path.ptr[0] == '/') {
        sk_buf_append_str(path, r->path);
    } else {
        merge_paths(path, base->path, r->path);
    }
}

int skua_url_join(const skua_url *base, const char *reference, skua_url **out, skua_error *err) {
    if (!base || !reference || !out)
        return sk_fail(err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_NONE,
                       "skua_url_join: base, reference and out must not be NULL");
    sk_url_parts b = {0}, r = {0};
    char base_host[SK_IDNA_MAX + 2], host[SK_IDNA_MAX + 2];
    int rc = split(sk_str(skua_url_text(base)), &b, base_host, err);
    if (rc == 0)
        rc = split(bounded(reference), &r, host, err);
    if (rc != 0)
        return rc;
    sk_buf path = {0};
    resolve(&b, &r, &path);
    if (path.failed) {
        rc = sk_fail_nomem(err);
    } else {
        r.path = (skua_str){path.data, sk_url_remove_dots(path.data, sk_buf_len(&path))};
        rc = make(&r, out, err);
    }
    sk_buf_free(&path);
    return rc;
}

void skua_url_free(skua_url *url) {
    sk_free(url);
}

static const char *string_at(const skua_url *url, uint32_t offset) {
    return (const char *)url + offset;
}

const char *skua_url_text(const skua_url *url) {
    return url ? string_at(url, url->text) : "";
}

const char *skua_url_scheme(const skua_url *url) {
    return url ? string_at(url, url->scheme) : "";
}

const char *skua_url_host(const skua_url *url) {
    return url ? string_at(url, url->host) : "";
}

int skua_url_port(const skua_url *url) {
    return url ? url->port : 0;
}

const char *skua_url_authority(const skua_url *url) {
    return url ? string_at(url, url->authority) : "";
}

const char *skua_url_target(const skua_url *url) {
    return url ? string_at(url, url->target) : "";
}

const char *skua_url_path(const skua_url *url) {
    return url ? string_at(url, url->path) : "";
}

const char *skua_url_query(const skua_url *url) {
    return url && url->query ? string_at(url, url->query) : NULL;
}

const char *skua_url_fragment(const skua_url *url) {
    return url && url->fragment ? string_at(url, url->fragment) : NULL;
}
