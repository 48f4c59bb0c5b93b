/* client/origin.c - the server a connection is for. */
#include "client/origin.h"

#include "base/fail.h"
#include "base/mem.h"
#include "base/str.h"
#include "wire/url.h"

#include <stdio.h>
#include <string.h>

#define UNIX_PREFIX "unix:"

static bool is_unix(const char *where) {
    return strncmp(where, UNIX_PREFIX, sizeof UNIX_PREFIX - 1) == 0;
}

bool sk_origin_is_unix(const sk_origin *o) {
    return is_unix(o->host);
}

void sk_origin_free(sk_origin *o) {
    sk_free(o->host);
    sk_free(o->authority);
    *o = (sk_origin){0};
}

static int fill(sk_origin *o, const char *host, const char *authority, skua_error *err) {
    o->host = sk_strdup(host);
    o->authority = sk_strdup(authority);
    if (o->host && o->authority)
        return 0;
    sk_origin_free(o);
    return sk_fail_nomem(err);
}

int sk_origin_of_url(sk_origin *o, const skua_url *url, skua_error *err) {
    *o = (sk_origin){.https = strcmp(skua_url_scheme(url), "https") == 0,
                     .port = skua_url_port(url)};
    return fill(o, skua_url_host(url), skua_url_authority(url), err);
}

int sk_origin_copy(sk_origin *o, const sk_origin *from, skua_error *err) {
    *o = (sk_origin){.https = from->https, .port = from->port};
    return fill(o, from->host, from->authority, err);
}

static int parse_unix(sk_origin *o, const char *where, skua_error *err) {
    if (!where[sizeof UNIX_PREFIX - 1])
        return sk_fail(err, SKUA_E_INVALID_URL, SKUA_PHASE_NONE, "\"unix:\" needs a path");
    *o = (sk_origin){0};
    return fill(o, where, "localhost", err);
}

/* skua_url_parse makes an empty path "/", so what was written is looked at. */
static const char *behind_authority(const char *url) {
    const char *p = strstr(url, "://");
    p = p ? p + 3 : url;
    return p + strcspn(p, "/?#\\");
}

/* http.client's forms have no scheme: they are http. */
static char *with_scheme(const char *where) {
    if (strstr(where, "://"))
        return sk_strdup(where);
    size_t len = strlen(where);
    char *url = sk_alloc(len + sizeof "http://");
    if (url) {
        memcpy(url, "http://", 7);
        memcpy(url + 7, where, len + 1);
    }
    return url;
}

int sk_origin_parse(sk_origin *o, const char *where, skua_error *err) {
    if (is_unix(where))
        return parse_unix(o, where, err);
    const char *rest = behind_authority(where);
    if (*rest)
        return sk_url_fail(err, sk_str(where),
                           "a connection is for a host; \"%s\" belongs into the request", rest);
    char *text = with_scheme(where);
    if (!text)
        return sk_fail_nomem(err);
    skua_url *url = NULL;
    int rc = skua_url_parse(text, &url, err);
    if (rc == 0)
        rc = sk_origin_of_url(o, url, err);
    skua_url_free(url);
    sk_free(text);
    return rc;
}

void sk_origin_name(const sk_origin *o, sk_peer *out) {
    *out = (sk_peer){0};
    snprintf(out->host, sizeof out->host, "%s", o->host);
    if (sk_origin_is_unix(o))
        snprintf(out->target, sizeof out->target, "%s", o->host);
    else if (strchr(o->host, ':'))
        snprintf(out->target, sizeof out->target, "[%s]:%d", o->host, o->port);
    else
        snprintf(out->target, sizeof out->target, "%s:%d", o->host, o->port);
}
