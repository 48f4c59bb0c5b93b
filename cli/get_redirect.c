/* get_redirect.c - -L: from a response to the next request (RFC 9110 15.4). The rules are those of
 * skua_fetch; a method that -X names stays, as with curl. */
#include "get.h"

#include "exit_status.h"
#include "stopwatch.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* ---- where to ---- */

static int redirects(int status) {
    static const int known[] = {301, 302, 303, 307, 308};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (known[i] == status)
            return 1;
    }
    return 0;
}

/* The first, should there be several: joined they are no URL. */
static const char *location_of(const skua_response *r) {
    const skua_field *field = skua_response_fields(r, NULL);
    while (field->name && strcasecmp(field->name, "Location") != 0)
        field++;
    return redirects(skua_response_status(r)) ? field->value : NULL;
}

/* Many servers write Location in UTF-8 or with spaces, unescaped; what they mean is plain. */
static int escape(get_bytes *out, const char *location) {
    int rc = 0;
    for (const char *p = location; *p && rc == 0; p++) {
        unsigned char c = (unsigned char)*p;
        char escaped[4];
        snprintf(escaped, sizeof escaped, "%%%02X", c);
        int plain = c < 0x80 && c != ' ';
        rc = get_bytes_add(out, plain ? p : escaped, plain ? 1 : 3);
    }
    return rc;
}

/* Does the reference have a scheme that is not spoken here (RFC 3986 4.1)? */
static int leaves_http(const char *reference) {
    size_t len = strcspn(reference, ":/?#");
    if (reference[len] != ':' || len == 0)
        return 0;
    return !(len == 4 && strncasecmp(reference, "http", len) == 0) &&
           !(len == 5 && strncasecmp(reference, "https", len) == 0);
}

/* What stands ahead of an '@' may be a password. */
static void fail_unsafe(const get_transfer *t, const char *location, skua_error *err) {
    size_t scheme = strcspn(location, ":") + 1;
    scheme += strspn(location + scheme, "/");
    const char *at = strrchr(location + scheme, '@');
    get_fail(err, 0, SKUA_E_UNSAFE_REDIRECT,
             "%.200s: redirected to \"%.*s%s%.150s\", which is not http", skua_url_text(t->url),
             scheme < 50 ? (int)scheme : 50, location, at ? "***" : "",
             at ? at : location + scheme);
}

skua_url *get_redirect_target(const get_transfer *t, skua_error *err) {
    const char *location = t->response ? location_of(t->response) : NULL;
    *err = (skua_error){0};
    if (!location)
        return NULL;
    if (leaves_http(location)) {
        fail_unsafe(t, location, err);
        return NULL;
    }
    get_bytes reference = {0};
    skua_url *url = NULL;
    if (get_bytes_add(&reference, "", 0) != 0 || escape(&reference, location) != 0) {
        get_no_memory(err);
    } else if (skua_url_join(t->url, reference.data, &url, err) != 0) {
        skua_error why = *err;
        get_fail(err, 0, why.code, "%.150s: redirected: %.300s", skua_url_text(t->url), why.msg);
    }
    get_bytes_free(&reference);
    return url;
}

/* ---- what becomes of the request ---- */

static int same_origin(const skua_url *a, const skua_url *b) {
    return strcmp(skua_url_scheme(a), skua_url_scheme(b)) == 0 &&
           strcmp(skua_url_authority(a), skua_url_authority(b)) == 0;
}

static int is_one_of(const char *name, const char *const *names) {
    for (; *names; names++) {
        if (strcasecmp(name, *names) == 0)
            return 1;
    }
    return 0;
}

static int is_of_body(const skua_field *field) {
    static const char *const names[] = {"Transfer-Encoding", "Trailer", "Expect", "Digest",
                                        "Last-Modified",     NULL};
    return strncasecmp(field->name, "Content-", 8) == 0 || is_one_of(field->name, names);
}

static int is_of_origin(const skua_field *field) {
    static const char *const names[] = {"Authorization", "Proxy-Authorization", "Cookie", "Host",
                                        NULL};
    return (field->flags & SKUA_FIELD_SECRET) || is_one_of(field->name, names);
}

static int is_referer(const skua_field *field) {
    return strcasecmp(field->name, "Referer") == 0;
}

/* 301 and 302 turn POST into GET, 303 all but HEAD (RFC 9110 15.4.2 to 15.4.4). */
static void change_method(get_transfer *t, int status) {
    int has_body = t->upload.body.kind != SKUA_BODY_NONE && !t->upload.dropped;
    int posts = has_body && !t->upload_name;
    int becomes_get = (posts && (status == 301 || status == 302)) || (has_body && status == 303);
    if (!becomes_get && !(status == 303 && !t->options->head))
        return;
    if (has_body)
        t->upload.dropped = 1;
    get_request_drop(&t->request, is_of_body);
    if (!t->request.custom_method)
        t->request.method = t->options->head ? "HEAD" : "GET";
}

/* curl's -e ';auto'. */
static int refer(get_transfer *t) {
    get_request *q = &t->request;
    const char *given = t->options->referer;
    size_t len = given ? strlen(given) : 0;
    if (len < 5 || strcmp(given + len - 5, ";auto") != 0)
        return 0;
    get_request_drop(q, is_referer);
    const char *url = skua_url_text(t->url); /* RFC 9110 10.1.3: without its fragment */
    const char *text = cli_texts_format(&q->texts, "%.*s", (int)strcspn(url, "#"), url);
    if (!text)
        return get_no_memory(&t->err);
    q->fields[q->field_count++] = (skua_field){"Referer", text, 0};
    q->fields[q->field_count] = (skua_field){0};
    return 0;
}

/* ---- going there ---- */

static int refuse(get_transfer *t, const skua_url *to) {
    int max = t->options->max_redirs;
    if (max >= 0 && t->counts.redirects >= max) {
        return get_fail(&t->err, CLI_EXIT_REDIRECTS, SKUA_E_TOO_MANY_REDIRECTS,
                        "%.200s: more than %d redirects, the last to \"%.200s\"",
                        skua_url_text(t->url), max, skua_url_text(to));
    }
    if (strcmp(skua_url_scheme(t->url), "https") == 0 && strcmp(skua_url_scheme(to), "http") == 0) {
        return get_fail(&t->err, CLI_EXIT_PROTOCOL, SKUA_E_UNSAFE_REDIRECT,
                        "%.200s: redirected from https to http: \"%.200s\"", skua_url_text(t->url),
                        skua_url_text(to));
    }
    return 0;
}

static int move_to(get_transfer *t, skua_url *to) {
    change_method(t, skua_response_status(t->response));
    if (!same_origin(t->url, to))
        get_request_drop(&t->request, is_of_origin);
    int status = refer(t);
    if (!status && !t->upload.dropped && get_upload_rewind(&t->upload) != 0) {
        status = get_fail(&t->err, CLI_EXIT_REWIND, SKUA_E_UNSUPPORTED,
                          "%.200s: redirected, and what was sent cannot be read again",
                          skua_url_text(t->url));
    }
    if (status) {
        skua_url_free(to);
        return status;
    }
    skua_response_free(t->response);
    t->response = NULL;
    get_transfer_end_hop(t);
    skua_url_free(t->url);
    t->url = to;
    t->counts.redirects++;
    t->redirected = cli_now_ms() - t->began;
    return 0;
}

int get_redirect_follow(get_transfer *t, int *again) {
    skua_error err;
    *again = 0;
    if (!t->options->follow)
        return 0;
    skua_url *to = get_redirect_target(t, &err);
    if (!to) {
        if (err.code == 0)
            return 0;
        t->err = err;
        return cli_exit_status(&err);
    }
    int status = refuse(t, to);
    if (status) {
        skua_url_free(to);
        return status;
    }
    status = move_to(t, to);
    *again = status == 0;
    return status;
}
