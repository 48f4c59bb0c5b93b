/* serve_log.c - the access log: Common Log Format, as every log reader knows it, or an object of
 * JSON a line.
 *
 *     127.0.0.1 - - [21/Nov/2025:10:00:00 +0100] "GET / HTTP/1.1" 200 512
 *
 * What a client chose (the request line) is escaped, so that it can neither forge lines nor steer
 * a terminal. A line leaves in one write. */
#include "serve_log.h"

#include "json.h"
#include "report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

serve_log_format serve_log_find(const char *name) {
    static const char *const names[] = {[SERVE_LOG_COMMON] = "common", [SERVE_LOG_JSON] = "json"};
    int format = 0;
    while (format < SERVE_LOG_FORMATS && strcmp(names[format], name) != 0)
        format++;
    return (serve_log_format)format;
}

int serve_log_open(serve_log *log) {
    if (!log->path)
        return 0;
    int fd = open(log->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
    if (fd < 0) {
        cli_say("serve: --log-file: %s: %s", log->path, strerror(errno));
        return -1;
    }
    if (log->fd == STDERR_FILENO) {
        log->fd = fd;
        return 0;
    }
    dup3(fd, log->fd, O_CLOEXEC); /* in one step: workers write to it meanwhile */
    close(fd);
    return 0;
}

void serve_log_close(serve_log *log) {
    if (log->fd != STDERR_FILENO)
        close(log->fd);
}

/* The address without its port: "192.0.2.1" of "192.0.2.1:80", "::1" of "[::1]:80". Returns where
 * it begins. */
static const char *find_address(const char *client, size_t *len) {
    const char *colon = strrchr(client, ':');
    *len = colon && colon[1] ? (size_t)(colon - client) : strlen(client);
    if (*len > 1 && client[0] == '[' && client[*len - 1] == ']') {
        client++;
        *len -= 2;
    }
    return client;
}

/* ---- common ---- */

static void put_client(cli_line *line, const char *client) {
    size_t len;
    const char *address = find_address(client, &len);
    cli_line_put(line, len ? address : "-", len ? len : 1, 1);
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

static void write_common(const serve_log *log, const skua_access *a) {
    cli_line line;
    cli_line_begin(&line, log->fd);
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

/* ---- JSON ---- */

static void put_key_text(cli_json *j, const char *key, const char *text) {
    cli_json_key(j, key);
    cli_json_latin1(j, text);
}

static void put_key_integer(cli_json *j, const char *key, int64_t value) {
    cli_json_key(j, key);
    cli_json_integer(j, value);
}

static void put_object(cli_json *j, const skua_access *a) {
    char when[32] = "";
    char client[80];
    size_t len;
    struct tm t;
    time_t now = time(NULL);
    if (gmtime_r(&now, &t))
        strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &t); /* RFC 3339 */
    const char *address = find_address(a->client, &len);
    snprintf(client, sizeof client, "%.*s", (int)len, address);
    cli_json_open(j, '{');
    put_key_text(j, "time", when);
    put_key_text(j, "client", client);
    put_key_text(j, "method", a->method);
    put_key_text(j, "target", a->version ? a->target : "");
    put_key_integer(j, "version", a->version);
    put_key_integer(j, "status", a->status);
    put_key_integer(j, "body_bytes", a->body_bytes);
    put_key_integer(j, "duration_us", a->duration_us);
    cli_json_key(j, "tls");
    cli_json_boolean(j, a->is_tls);
    cli_json_close(j, '}');
}

/* Without memory there is no line. */
static void write_json(const serve_log *log, const skua_access *a) {
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    if (!out)
        return;
    cli_json j;
    cli_json_begin_line(&j, out);
    put_object(&j, a);
    putc('\n', out);
    int is_whole = !ferror(out);
    if (fclose(out) == 0 && is_whole)
        (void)!write(log->fd, text, len); /* a log that takes nothing holds up nobody */
    free(text);
}

void serve_log_access(void *user, const skua_access *a) {
    static void (*const writers[])(const serve_log *, const skua_access *) = {
        [SERVE_LOG_COMMON] = write_common,
        [SERVE_LOG_JSON] = write_json,
    };
    const serve_log *log = user;
    writers[log->format](log, a);
}
