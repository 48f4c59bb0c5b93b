/* report.c - lines for the person who runs the command.
 *
 * Each line leaves in one write, so that lines of several threads do not mix. What is said with
 * --json on standard output is not its business. */
#include "report.h"

#include <stdarg.h>
#include <string.h>

static int needs_escape(unsigned char c, int quote) {
    if (c < 0x20 || c == 0x7f)
        return 1;
    return quote && (c == '"' || c == '\\' || c >= 0x80);
}

void cli_put_escaped(FILE *f, const char *text, size_t len, int quote) {
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (!needs_escape(c, quote)) {
            putc_unlocked(c, f);
        } else if (c == '"' || c == '\\') {
            putc_unlocked('\\', f);
            putc_unlocked(c, f);
        } else {
            fprintf(f, "\\x%02x", c);
        }
    }
}

void cli_say(const char *fmt, ...) {
    char text[2048];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    flockfile(stderr);
    fputs("skua: ", stderr);
    cli_put_escaped(stderr, text, strlen(text), 0);
    putc_unlocked('\n', stderr);
    fflush(stderr);
    funlockfile(stderr);
}
