/* serve_log.c - the access log: Common Log Format, as every log reader knows it.
 *
 *     127.0.0.1 - - [21/Nov/2025:10:00:00 +0100] "GET / HTTP/1.1" 200 512
 *
 * What a client chose (the request line) is escaped, so that it can neither forge lines nor steer
 * a terminal. */
#include "serve.h"

#include "report.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

/* The address without its port: "192.0.2.1" of "192.0.2.1:80", "::1" of "[::1]:80". */
static void put_client(cli_line *line, const char *client) {
    const char *colon = strrchr(client, ':');
    size_t len = colon && colon[1] ? (size_t)(colon - client) : strlen(client);
    if (len > 1 && client[0] == '[' && client[len - 1] == ']') {
        client++;
        len -= 2;
    }
    cli_line_put(line, len ? client : "-", len ? len : 1, 1);
}

static void put_time(cli_line *line, time_t when) {
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    struct tm t;
    if (!localtime_r(&when, &t)) {
        cli_line_format(line, "[-]");
        return;
    }
    long minutes = t.tm_gmtoff / 60;
    long away = minutes < 0 ? -minutes : minutes;
    cli_line_format(line, "[%02d/%.3s/%d:%02d:%02d:%02d %c%02ld%02ld]", t.tm_mday,
                    months + t.tm_mon * 3, t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec,
                    minutes < 0 ? '-' : '+', away / 60, away % 60);
}

static void put_request(cli_line *line, const skua_access *a) {
    cli_line_format(line, "\"");
    cli_line_put(line, a->method, strlen(a->method), 1);
    if (a->version) {
        cli_line_format(line, " ");
        cli_line_put(line, a->target, strlen(a->target), 1);
        cli_line_format(line, " HTTP/%d.%d", a->version / 10, a->version % 10);
    }
    cli_line_format(line, "\"");
}

void serve_log_access(void *user, const skua_access *a) {
    (void)user;
    cli_line line;
    cli_line_begin(&line, STDERR_FILENO);
    put_client(&line, a->client);
    cli_line_format(&line, " - - ");
    put_time(&line, time(NULL));
    cli_line_format(&line, " ");
    put_request(&line, a);
    if (a->body_bytes > 0)
        cli_line_format(&line, " %d %lld", a->status, (long long)a->body_bytes);
    else
        cli_line_format(&line, " %d -", a->status);
    cli_line_end(&line);
}
