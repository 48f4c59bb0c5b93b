/* examples/post.c - post JSON through a client: post https://api.example.org/v1/items '{"n":1}'
 *
 * A client holds what calls have in common; threads may share it. */
#include <skua/skua.h>
#include <stdio.h>
#include <string.h>

static int post(skua_client *client, const char *url, const char *json, skua_error *err) {
    const skua_field fields[] = {{"Content-Type", "application/json", 0}, {0}};
    skua_response *r =
        skua_fetch(client,
                   SKUA_OPTS(skua_call, .method = "POST", .url = url, .fields = fields,
                             .body = json, .body_len = strlen(json), .timeout_ms = 5000),
                   err);
    const char *body;
    size_t len;
    int rc = r ? skua_response_read_all(r, 0, &body, &len, err) : err->code;
    if (rc == 0)
        printf("%d %s\n%s\n", skua_response_status(r), skua_response_reason(r), body);
    skua_response_free(r);
    return rc;
}

int main(int argc, char **argv) {
    if (argc != 3) {
        fputs("usage: post URL JSON\n", stderr);
        return 2;
    }
    skua_error err;
    skua_client *client = skua_client_new(NULL, &err);
    int rc = client ? post(client, argv[1], argv[2], &err) : err.code;
    if (rc)
        fprintf(stderr, "post: %s\n", err.msg);
    skua_client_free(client);
    return rc != 0;
}
