/* json.c - a writer that cannot produce anything but JSON, in ASCII but for valid UTF-8. Errors of
 * the stream are left in the stream, for the caller to ask at the end. */
#include "json.h"

#include <stddef.h>

/* What is nested deeper than LINES (a field, an interim response) stays on one line. */
enum { INDENT = 2, LINES = 2 };

void cli_json_begin(cli_json *j, FILE *out) {
    *j = (cli_json){.out = out, .first = 1};
}

static void new_line(cli_json *j) {
    fprintf(j->out, "\n%*s", j->depth * INDENT, "");
}

/* What stands before a key, or before a value that has none. */
static void separate(cli_json *j) {
    if (j->keyed) {
        j->keyed = 0;
        return;
    }
    if (!j->first)
        fputs(j->depth > LINES ? ", " : ",", j->out);
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
    if (j->depth == 0)
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

void cli_json_null(cli_json *j) {
    separate(j);
    fputs("null", j->out);
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

/* The length of the UTF-8 sequence at `s` (RFC 3629), or 0 where there is none. Overlong forms,
 * surrogates and what lies past U+10FFFF are none. A terminator ends any sequence. */
static size_t utf8_length(const unsigned char *s) {
    static const struct {
        unsigned char first, last, low, high; /* lead bytes; bounds of the second byte */
        size_t length;
    } forms[] = {
        {0x01, 0x7f, 0x00, 0xff, 1}, {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
        {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
        {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
    };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        if (s[0] < forms[i].first || s[0] > forms[i].last)
            continue;
        if (forms[i].length > 1 && (s[1] < forms[i].low || s[1] > forms[i].high))
            return 0;
        for (size_t k = 2; k < forms[i].length; k++) {
            if (s[k] < 0x80 || s[k] > 0xbf)
                return 0;
        }
        return forms[i].length;
    }
    return 0;
}

static int is_utf8(const unsigned char *s) {
    while (*s) {
        size_t len = utf8_length(s);
        if (len == 0)
            return 0;
        s += len;
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
    fputs(": ", j->out);
    j->keyed = 1;
}

void cli_json_text(cli_json *j, const char *text) {
    separate(j);
    put_string(j->out, text, is_utf8((const unsigned char *)text));
}

void cli_json_latin1(cli_json *j, const char *text) {
    separate(j);
    put_string(j->out, text, 0);
}
