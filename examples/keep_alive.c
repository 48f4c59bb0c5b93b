/* examples/keep_alive.c - requests over one connection:
 * keep_alive https://example.org / /favicon.ico
 *
 * The connection is kept as long as both ends like; one that has died is replaced unasked. */
#include <skua/skua.h>
#include <stdio.h>

static int get(skua_conn *c, const char *target, skua_error *err) {
    const char *body;
    size_t len;
    int rc = skua_conn_request(c, "GET", target, NULL, NULL, 0, err);
    skua_response *r = rc == 0 ? skua_conn_getresponse(c, err) : NULL;
    if (rc == 0)
        rc = r ? skua_response_read_all(r, 0, &body, &len, err) : err->code;
    if (rc == 0)
        printf("%s: %d, %zu bytes\n", target, skua_response_status(r), len);
    skua_response_free(r);
    return rc;
}

int main(int argc, char **argv) {
    if (argc < 3) {
        fputs("usage: keep_alive SERVER TARGET...\n", stderr);
        return 2;
    }
    skua_error err;
    skua_conn *c = skua_conn_new(argv[1], NULL, &err);
    int rc = c ? 0 : err.code;
    for (int i = 2; i < argc && rc == 0; i++)
        rc = get(c, argv[i], &err);
    skua_conn_free(c);
    if (rc != 0)
        fprintf(stderr, "keep_alive: %s\n", err.msg);
    return rc != 0;
}
