/* examples/get.c - fetch a URL to standard output: get https://example.org/
 *
 * Verification, redirects and finite time-outs are what you get by saying nothing. */
#include <skua/skua.h>
#include <stdio.h>

static int get(const char *url) {
    skua_error err;
    skua_response *r = skua_get(NULL, url, &err);
    char buf[16384];
    ptrdiff_t n = -1;
    while (r && (n = skua_response_read(r, buf, sizeof buf, &err)) > 0)
        fwrite(buf, 1, (size_t)n, stdout);
    if (n < 0)
        fprintf(stderr, "get: %s\n", err.msg);
    skua_response_free(r);
    return n < 0;
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fputs("usage: get URL\n", stderr);
        return 2;
    }
    return get(argv[1]);
}
