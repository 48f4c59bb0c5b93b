/* examples/timeout.c - bound how long everything may take: timeout 2.5 https://example.org/
 *
 * One deadline over name, connection, TLS, redirects and body. Without one there are defaults. */
#include <skua/skua.h>
#include <stdio.h>
#include <stdlib.h>

static int get(const char *url, double seconds, skua_error *err) {
    int64_t ms = (int64_t)(seconds * 1000);
    skua_response *r =
        skua_fetch(NULL, SKUA_OPTS(skua_call, .url = url, .timeout_ms = ms > 0 ? ms : 1), err);
    const char *body;
    size_t len;
    int rc = r ? skua_response_read_all(r, 0, &body, &len, err) : err->code;
    if (rc == 0)
        fwrite(body, 1, len, stdout);
    skua_response_free(r);
    return rc;
}

int main(int argc, char **argv) {
    double seconds = argc == 3 ? atof(argv[1]) : 0;
    if (seconds <= 0) {
        fputs("usage: timeout SECONDS URL\n", stderr);
        return 2;
    }
    skua_error err;
    int rc = get(argv[2], seconds, &err);
    if (rc == SKUA_E_TIMEOUT)
        fprintf(stderr, "timeout: too slow, in phase \"%s\"\n", skua_phase_name(err.phase));
    if (rc != 0)
        fprintf(stderr, "timeout: %s\n", err.msg);
    return rc == 0 ? 0 : rc == SKUA_E_TIMEOUT ? 28 : 1;
}
