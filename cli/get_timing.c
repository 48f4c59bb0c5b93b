/* get_timing.c - --timing: each exchange of a transfer as a block of bars on standard error. */
#include "get.h"

#include "report.h"
#include "timing.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { WIDTH_DEFAULT = 72, WIDTH_MOST = 120 };

static int width(void) {
    struct winsize size;
    if (!isatty(STDERR_FILENO) || ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return WIDTH_DEFAULT;
    return size.ws_col - 1 < WIDTH_MOST ? size.ws_col - 1 : WIDTH_MOST;
}

/* What the locale says of characters: the first of the three that is set counts (POSIX). */
static int takes_utf8(void) {
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    const char *locale = NULL;
    for (size_t i = 0; i < sizeof names / sizeof *names && (!locale || !*locale); i++)
        locale = getenv(names[i]);
    const char *charset = locale ? strchr(locale, '.') : NULL;
    return charset && isatty(STDERR_FILENO) &&
           (strncasecmp(charset, ".utf-8", 6) == 0 || strncasecmp(charset, ".utf8", 5) == 0);
}

static void print_title(const get_hop *hop) {
    cli_line line;
    cli_line_begin(&line, STDERR_FILENO);
    cli_line_put(&line, hop->url, strlen(hop->url));
    if (hop->status > 0)
        cli_line_format(&line, " %d", hop->status);
    if (hop->timings.connect < 0 && hop->status > 0)
        cli_line_format(&line, " (connection kept)");
    cli_line_end(&line);
}

/* The phase in which the transfer failed, where that was ahead of the answer. */
static const char *cut_short(const get_transfer *t, const get_hop *hop) {
    int is_last = hop == &t->hops[t->hop_count - 1];
    int failed = is_last && t->status != 0 && hop->timings.first_byte < 0;
    return failed && t->err.phase != SKUA_PHASE_NONE ? skua_phase_name(t->err.phase) : NULL;
}

void get_timing_print(const get_transfer *t) {
    for (size_t i = 0; i < t->hop_count; i++) {
        print_title(&t->hops[i]);
        cli_timing_draw(stderr, &t->hops[i].timings, cut_short(t, &t->hops[i]), width(),
                        takes_utf8());
    }
    fflush(stderr);
}
