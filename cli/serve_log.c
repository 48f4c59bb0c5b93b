/* serve_log.c - the access log: Common Log Format, as every log reader knows it.
 *
 *     127.0.0.1 - - [21/Nov/2025:10:00:00 +0100] "GET / HTTP/1.1" 200 512
 *
 * What a client chose (the request line) is escaped, so that it can neither forge lines nor steer
 * a terminal. */
#include "serve.h"

#include <string.h>
#include <time.h>

#include "report.h"

/* The address without its port: "192.0.2.1" of "192.0.2.1:80", "::1" of "[::1]:80". */
static void put_client(FILE *f, const char *client) {
    const char *colon = strrchr(client, ':');
    size_t len = colon && colon[1] ? (size_t)(colon - client) : strlen(client);
    if (len > 1 && client[0] == '[' && client[len - 1] == ']') {
        client++;
        len -= 2;
    }
    cli_put_escaped(f, len ? client : "-", len ? len : 1, 1);
}

static void put_time(FILE *f, long long when) {
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    time_t seconds = (time_t)when;
    struct tm t;
    if (!localtime_r(&seconds, &t)) {
        fputs("[-]", f);
        return;
    }
    long minutes = t.tm_gmtoff / 60;
    long away = minutes < 0 ? -minutes : minutes;
    fprintf(f, "[%02d/%.3s/%d:%02d:%02d:%02d %c%02ld%02ld]", t.tm_mday, months + t.tm_mon * 3,
            t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec, minutes < 0 ? '-' : '+', away / 60,
            away % 60);
}

static void put_request(FILE *f, const skua_access *a) {
    putc_unlocked('"', f);
    cli_put_escaped(f, a->method, strlen(a->method), 1);
    if (a->version) {
        putc_unlocked(' ', f);
        cli_put_escaped(f, a->target, strlen(a->target), 1);
        fprintf(f, " HTTP/%d.%d", a->version / 10, a->version % 10);
    }
    putc_unlocked('"', f);
}

void serve_log_line(FILE *f, const skua_access *a, long long when) {
    put_client(f, a->client);
    fputs(" - - ", f);
    put_time(f, when);
    putc_unlocked(' ', f);
    put_request(f, a);
    if (a->body_bytes > 0)
        fprintf(f, " %d %lld\n", a->status, (long long)a->body_bytes);
    else
        fprintf(f, " %d -\n", a->status);
}

/* The lock keeps the lines of the workers whole; standard error is buffered by then, so that a
 * line is one write. */
void serve_log_access(void *user, const skua_access *a) {
    (void)user;
    flockfile(stderr);
    serve_log_line(stderr, a, (long long)time(NULL));
    fflush(stderr);
    funlockfile(stderr);
}
