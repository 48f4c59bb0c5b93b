/* get_trace.c - -v: the lines of the library's trace on standard error, on a terminal in colour. */
#include "get.h"

#include "color.h"
#include "report.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The length of a field's name; 0 for a line that is none. */
static size_t name_length(const char *text, size_t len) {
    const char *colon = memchr(text, ':', len);
    size_t name = colon ? (size_t)(colon - text) : 0;
    return name > 0 && !memchr(text, ' ', name) ? name : 0;
}

/* The status in "HTTP/1.1 200 OK"; 0 where there is none. */
static int status_of(const char *text, size_t len) {
    enum { BEFORE = sizeof "HTTP/1.1 " - 1, DIGITS = 3 };
    char digits[DIGITS + 1] = "";
    if (len >= BEFORE + DIGITS && memcmp(text, "HTTP/", 5) == 0)
        memcpy(digits, text + BEFORE, DIGITS);
    return (int)strtol(digits, NULL, 10);
}

void get_trace_print(void *user, skua_trace_kind kind, const char *text, size_t len) {
    const cli_colors *colors = user;
    int is_head = kind == SKUA_TRACE_SEND || kind == SKUA_TRACE_RECV;
    size_t name = is_head ? name_length(text, len) : 0;
    size_t painted = name > 0 ? name : len;
    const char *color = colors->faint;
    if (name > 0)
        color = colors->name;
    else if (is_head)
        color = cli_color_of_status(colors, status_of(text, len));
    cli_line line;
    cli_line_begin(&line, STDERR_FILENO);
    cli_line_format(&line, "%c %s", (int)kind, color);
    cli_line_put(&line, text, painted);
    cli_line_format(&line, "%s", colors->end);
    cli_line_put(&line, text + painted, len - painted);
    cli_line_end(&line);
}
