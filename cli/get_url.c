/* get_url.c - from what stands on the command line to the URL that is asked for first: a scheme
 * where it has none, -G's query, -T's file name. */
#include "get.h"

#include "exit_status.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The length of the scheme of "scheme://..." (RFC 3986 3.1); 0 where there is none. */
static size_t scheme_length(const char *text) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789+-.";
    size_t len = strspn(text, letters);
    return strncmp(text + len, "://", 3) == 0 ? len : 0;
}

static int is_spoken(const char *scheme, size_t len) {
    return (len == 4 && strncasecmp(scheme, "http", len) == 0) ||
           (len == 5 && strncasecmp(scheme, "https", len) == 0);
}

/* The name that -T gives a URL whose path ends in a slash. */
static const char *upload_name(const get_transfer *t, const char *url, size_t path_end) {
    const char *file = t->upload_name;
    if (!file || strcmp(file, "-") == 0 || strcmp(file, ".") == 0)
        return "";
    const char *authority = strstr(url, "://") + 3;
    size_t host = (size_t)(authority - url) + strcspn(authority, "/?#");
    if (path_end > host && url[path_end - 1] != '/')
        return "";
    const char *slash = strrchr(file, '/');
    return slash ? slash + 1 : file;
}

static int assemble(get_transfer *t, get_bytes *b, const char *prefix) {
    const get_options *o = t->options;
    const char *data = o->as_query ? t->session->data.data : NULL;
    int rc = get_bytes_add(b, prefix, strlen(prefix)) | get_bytes_add(b, t->text, strlen(t->text));
    if (rc != 0)
        return -1;
    /* The parts before the query, the query, the fragment. */
    size_t path_end = strcspn(b->data, "?#"), query_end = strcspn(b->data, "#");
    get_bytes whole = {0};
    const char *name = upload_name(t, b->data, path_end);
    int bare = *name && b->data[path_end - 1] != '/';
    const skua_str pieces[] = {
        {b->data, path_end},
        {"/", (size_t)bare},
        {name, strlen(name)},
        {b->data + path_end, query_end - path_end},
        {query_end > path_end ? "&" : "?", data != NULL},
        {data ? data : "", data ? t->session->data.len : 0},
        {b->data + query_end, b->len - query_end},
    };
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces && rc == 0; i++)
        rc = get_bytes_add(&whole, pieces[i].ptr, pieces[i].len);
    get_bytes_free(b);
    *b = whole;
    return rc;
}

int get_url_build(get_transfer *t) {
    size_t scheme = scheme_length(t->text);
    if (scheme > 0 && !is_spoken(t->text, scheme)) {
        return get_fail(&t->err, CLI_EXIT_PROTOCOL, SKUA_E_UNSUPPORTED,
                        "%.200s: the protocol %.*s is not supported: http and https are", t->text,
                        (int)(scheme > 32 ? 32 : scheme), t->text);
    }
    get_bytes text = {0};
    int status;
    if (assemble(t, &text, scheme > 0 ? "" : "http://") != 0)
        status = get_no_memory(&t->err);
    else
        status = skua_url_parse(text.data, &t->start, &t->err) ? cli_exit_status(&t->err) : 0;
    get_bytes_free(&text);
    return status;
}
