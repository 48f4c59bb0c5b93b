/* serve_url.c - URLs of listeners that stand for all addresses. */
#include "serve_url.h"

#include <stdio.h>
#include <string.h>

/* Returns where the port begins behind such a host, its scheme being `scheme` bytes long with its
 * slashes, or NULL. */
static const char *find_port(const char *url, int *scheme) {
    static const char *const hosts[] = {"//0.0.0.0:", "//[::]:", "//*:"};
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        const char *at = strstr(url, hosts[i]);
        *scheme = at ? (int)(at - url) + 2 : 0;
        if (at)
            return at + strlen(hosts[i]);
    }
    return NULL;
}

int serve_url_is_for_all(const char *url) {
    int scheme;
    return find_port(url, &scheme) != NULL;
}

void serve_url_at(const char *url, const char *host, char out[SERVE_URL_BYTES]) {
    int scheme;
    const char *port = find_port(url, &scheme);
    if (port)
        snprintf(out, SERVE_URL_BYTES, "%.*s%s:%s", scheme, url, host, port);
    else
        snprintf(out, SERVE_URL_BYTES, "%s", url);
}
