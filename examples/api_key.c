/* examples/api_key.c - a secret from the environment: API_KEY=... api_key https://api.example.org/
 *
 * A field that is marked secret is masked in traces, and dropped where a redirect leads to another
 * server. */
#include <skua/skua.h>
#include <stdio.h>
#include <stdlib.h>

static int get(const char *url, const char *key, skua_error *err) {
    const skua_field fields[] = {{"X-API-Key", key, SKUA_FIELD_SECRET}, {0}};
    skua_response *r = skua_fetch(NULL, SKUA_OPTS(skua_call, .url = url, .fields = fields), err);
    const char *body;
    size_t len;
    int rc = r ? skua_response_read_all(r, 0, &body, &len, err) : err->code;
    if (rc == 0)
        printf("%d\n%s\n", skua_response_status(r), body);
    skua_response_free(r);
    return rc;
}

int main(int argc, char **argv) {
    const char *key = getenv("API_KEY");
    if (argc != 2 || !key) {
        fputs("usage: API_KEY=... api_key URL\n", stderr);
        return 2;
    }
    skua_error err;
    int rc = get(argv[1], key, &err);
    if (rc != 0)
        fprintf(stderr, "api_key: %s\n", err.msg);
    return rc != 0;
}
