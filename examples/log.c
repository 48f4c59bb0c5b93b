/* examples/log.c - a line of log for each request, good or bad: log https://example.org/ ... */
#include <skua/skua.h>
#include <stdio.h>
#include <time.h>

static int get(skua_client *client, const char *url) {
    char when[32];
    time_t now = time(NULL);
    strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", gmtime(&now));
    const char *body;
    size_t len = 0;
    skua_error err;
    skua_timings t;
    skua_response *r = skua_get(client, url, &err);
    int rc = r ? skua_response_read_all(r, 0, &body, &len, &err) : err.code;
    skua_response_timings(r, &t);
    if (rc == 0)
        fprintf(stderr, "%s INFO %s status=%d bytes=%zu first_byte_ms=%.1f total_ms=%.1f\n", when,
                url, skua_response_status(r), len, t.first_byte, t.total);
    else
        fprintf(stderr, "%s ERROR %s error=%s phase=%s retry_safe=%d %s\n", when, url,
                skua_error_name(rc), skua_phase_name(err.phase), err.retry_safe, err.msg);
    skua_response_free(r);
    return rc != 0;
}

int main(int argc, char **argv) {
    skua_error err;
    skua_client *client = skua_client_new(NULL, &err);
    int failed = !client;
    for (int i = 1; i < argc && client; i++)
        failed += get(client, argv[i]);
    if (!client)
        fprintf(stderr, "log: %s\n", err.msg);
    skua_client_free(client);
    return failed != 0;
}
