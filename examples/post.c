/* examples/post.c - post JSON with fields of one's own:
 * post https://api.example.org/items '{"n":1}'
 *
 * The body is bytes; which library makes JSON of what is the program's own choice. */
#include <skua/skua.h>
#include <stdio.h>
#include <string.h>

static int post(const char *url, const char *json, skua_error *err) {
    const skua_field fields[] = {
        {"Content-Type", "application/json", 0}, {"Accept", "application/json", 0}, {0}};
    skua_response *r =
        skua_fetch(NULL,
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
    int rc = post(argv[1], argv[2], &err);
    if (rc != 0)
        fprintf(stderr, "post: %s\n", err.msg);
    return rc != 0;
}
