/* json.c - a writer that cannot produce anything but JSON, in ASCII but for valid UTF-8. Errors of
 * the stream are left in the stream, for the caller to ask at the end. */
#include "json.h"

#include "utf8.h"

#include <stddef.h>
#include <string.h>

/* What is nested deeper than LINES (a field, an interim response) stays on one line. */
enum { INDENT = 2, LINES = 2 };

void cli_json_begin(cli_json *j, FILE *out) {
    *j = (cli_json){.out = out, .first = 1};
}

void cli_json_begin_line(cli_json *j, FILE *out) {
    *j = (cli_json){.out = out, .first = 1, .flat = 1};
}

static void new_line(cli_json *j) {
    if (!j->flat)
        fprintf(j->out, "\n%*s", j->depth * INDENT, "");
}

/* What stands before a key, or before a value that has none. */
static void separate(cli_json *j) {
    if (j->keyed) {
        j->keyed = 0;
        return;
    }
    if (!j->first)
        fputs(j->depth > LINES && !j->flat ? ", " : ",", j->out);
    if (j->depth > 0 && j->depth <= LINES)
        new_line(j);
    j->first = 0;
}

void cli_json_open(cli_json *j, char bracket) {
    separate(j);
    putc(bracket, j->out);
    j->depth++;
    j->first = 1;
}

void cli_json_close(cli_json *j, char bracket) {
    if (!j->first && j->depth <= LINES) {
        j->depth--;
        new_line(j);
    } else {
        j->depth--;
    }
    putc(bracket, j->out);
    j->first = 0;
    if (j->depth == 0 && !j->flat)
        putc('\n', j->out);
}

void cli_json_integer(cli_json *j, int64_t value) {
    separate(j);
    fprintf(j->out, "%lld", (long long)value);
}

void cli_json_decimal(cli_json *j, double value) {
    separate(j);
    fprintf(j->out, "%.3f", value);
}

void cli_json_seconds(cli_json *j, double value) {
    separate(j);
    fprintf(j->out, "%.6f", value);
}

void cli_json_raw(cli_json *j, const char *json) {
    separate(j);
    fputs(json, j->out);
}

void cli_json_boolean(cli_json *j, int value) {
    cli_json_raw(j, value ? "true" : "false");
}

void cli_json_null(cli_json *j) {
    cli_json_raw(j, "null");
}

/* ---- strings ---- */

static void put_ascii(FILE *out, unsigned char c) {
    if (c == '"' || c == '\\') {
        putc('\\', out);
        putc(c, out);
    } else if (c < 0x20 || c >= 0x7f) {
        fprintf(out, "\\u%04x", c);
    } else {
        putc(c, out);
    }
}

static int is_utf8(const char *text) {
    for (size_t left = strlen(text), len; left > 0; text += len, left -= len) {
        len = cli_utf8_length(text, left);
        if (len == 0)
            return 0;
    }
    return 1;
}

/* raw: bytes from 0x80 on are UTF-8 and stand for themselves. */
static void put_string(FILE *out, const char *text, int raw) {
    putc('"', out);
    for (const unsigned char *s = (const unsigned char *)text; *s; s++) {
        if (raw && *s >= 0x80)
            putc(*s, out);
        else
            put_ascii(out, *s);
    }
    putc('"', out);
}

void cli_json_key(cli_json *j, const char *key) {
    separate(j);
    put_string(j->out, key, 0);
    fputs(j->flat ? ":" : ": ", j->out);
    j->keyed = 1;
}

void cli_json_text(cli_json *j, const char *text) {
    separate(j);
    put_string(j->out, text, is_utf8(text));
}

void cli_json_latin1(cli_json *j, const char *text) {
    separate(j);
    put_string(j->out, text, 0);
}
