/* report.c - lines for the person who runs the command.
 *
 * A line leaves in one write, so that the lines of several threads do not mix; one that is longer
 * than its buffer, in several. When standard error takes nothing, there is nobody left to tell. */
#include "report.h"

#include "utf8.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void cli_line_begin(cli_line *line, int fd) {
    line->fd = fd;
    line->len = 0;
}

static void flush(cli_line *line) {
    for (size_t done = 0; done < line->len;) {
        ssize_t n = write(line->fd, line->text + done, line->len - done);
        if (n < 0 && errno != EINTR)
            break;
        done += n > 0 ? (size_t)n : 0;
    }
    line->len = 0;
}

static void add(cli_line *line, const char *text, size_t len) {
    if (len > sizeof line->text - line->len)
        flush(line);
    memcpy(line->text + line->len, text, len);
    line->len += len;
}

static int needs_escape(unsigned char c) {
    return c < 0x20 || c >= 0x7f;
}

/* The length of a character beyond ASCII that a terminal shows; 0 where there is none. U+0080 to
 * U+009F steer one, as the single bytes do. */
static size_t shown_length(const char *text, size_t left) {
    size_t len = (unsigned char)text[0] < 0x80 ? 0 : cli_utf8_length(text, left);
    int steers = len == 2 && (unsigned char)text[0] == 0xc2 && (unsigned char)text[1] < 0xa0;
    return steers ? 0 : len;
}

static void put_escape(cli_line *line, unsigned char c) {
    static const char hex[] = "0123456789abcdef";
    const char escape[] = {'\\', 'x', hex[c >> 4], hex[c & 15]};
    add(line, escape, sizeof escape);
}

void cli_line_put(cli_line *line, const char *text, size_t len) {
    for (size_t i = 0, n; i < len; i += n) {
        size_t shown = shown_length(text + i, len - i);
        n = shown ? shown : 1;
        if (shown || !needs_escape((unsigned char)text[i]))
            add(line, text + i, n);
        else
            put_escape(line, (unsigned char)text[i]);
    }
}

void cli_line_format(cli_line *line, const char *fmt, ...) {
    char text[256];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    add(line, text, strlen(text));
}

void cli_line_end(cli_line *line) {
    add(line, "\n", 1);
    flush(line);
}

void cli_say(const char *fmt, ...) {
    char text[2048];
    cli_line line;
    cli_line_begin(&line, STDERR_FILENO);
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    cli_line_format(&line, "skua: ");
    cli_line_put(&line, text, strlen(text));
    cli_line_end(&line);
}
