/* bench/client_curl.c - GETs through libcurl's easy interface: one handle, used again, whose other
 * options are left as they are. */
#include "client_blocks.h"

#include <curl/curl.h>

typedef struct client {
    CURL *easy;
    long long bytes;
} client;

static size_t take(char *data, size_t size, size_t count, void *user) {
    client *c = user;
    (void)data;
    c->bytes += (long long)(size * count);
    return size * count;
}

static long long get(void *user) {
    client *c = user;
    c->bytes = 0;
    CURLcode rc = curl_easy_perform(c->easy);
    if (rc == CURLE_OK)
        return c->bytes;
    fprintf(stderr, "client_curl: %s\n", curl_easy_strerror(rc));
    return -1;
}

int main(int argc, char **argv) {
    if (argc < 2 || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return 2;
    client c = {curl_easy_init(), 0};
    if (!c.easy)
        return 1;
    curl_easy_setopt(c.easy, CURLOPT_URL, argv[1]);
    curl_easy_setopt(c.easy, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(c.easy, CURLOPT_WRITEDATA, &c);
    if (argc > 2)
        curl_easy_setopt(c.easy, CURLOPT_CAINFO, argv[2]);
    int rc = client_run(get, &c);
    curl_easy_cleanup(c.easy);
    curl_global_cleanup();
    return rc;
}
