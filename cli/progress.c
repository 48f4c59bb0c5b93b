/* progress.c - a bar on the terminal for what is on its way.
 *
 *      42% [==========>             ]   4.2 MiB of 10.0 MiB   1.1 MiB/s   0:05 left
 *
 * Each line is written over the one before with one write. Drawing is apart from the terminal. */
#include "progress.h"

#include "stopwatch.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { WIDTH_DEFAULT = 80, BAR_LEAST = 10, BAR_MOST = 60, PART_BYTES = 48, LINE_BYTES = 512 };

static const double DRAW_EVERY_MS = 100;

/* ---- drawing ---- */

static void format_bytes(char out[PART_BYTES], double bytes) {
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
    size_t unit = 0;
    while (bytes >= 1023.95 && unit + 1 < sizeof units / sizeof *units) {
        bytes /= 1024;
        unit++;
    }
    snprintf(out, PART_BYTES, unit == 0 ? "%.0f %s" : "%.1f %s", bytes, units[unit]);
}

static void format_time(char out[PART_BYTES], double seconds) {
    long s = (long)(seconds + 0.5);
    if (seconds > 359999)
        snprintf(out, PART_BYTES, "-:--");
    else if (s >= 3600)
        snprintf(out, PART_BYTES, "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
    else
        snprintf(out, PART_BYTES, "%ld:%02ld", s / 60, s % 60);
}

/* Bytes a second; 0 while nothing can be said. */
static double rate_of(const cli_progress_state *s) {
    return s->ms < 1 ? 0 : (double)(s->done - s->before) * 1000 / s->ms;
}

static double part_of(const cli_progress_state *s) {
    if (s->total == 0 || s->done >= s->total)
        return 1;
    return (double)s->done / (double)s->total;
}

/* The parts of a line behind the bar, the most important first. Returns their number. */
static size_t format_parts(const cli_progress_state *s, char parts[3][PART_BYTES]) {
    char done[PART_BYTES], total[PART_BYTES], rate[PART_BYTES], left[PART_BYTES];
    double per_second = rate_of(s);
    format_bytes(done, (double)s->done);
    format_bytes(rate, per_second);
    if (s->total < 0) {
        format_time(left, s->ms / 1000);
        snprintf(parts[0], PART_BYTES, "%9.20s", done);
        snprintf(parts[2], PART_BYTES, "%.20s", left);
    } else {
        format_bytes(total, (double)s->total);
        if (s->done >= s->total)
            format_time(left, s->ms / 1000);
        else if (per_second > 0)
            format_time(left, (double)(s->total - s->done) / per_second);
        else
            snprintf(left, sizeof left, "-:--");
        snprintf(parts[0], PART_BYTES, "%.20s of %.20s", done, total);
        snprintf(parts[2], PART_BYTES, "%.20s%s", left, s->done >= s->total ? "" : " left");
    }
    snprintf(parts[1], PART_BYTES, "%9.20s/s", rate);
    return 3;
}

static size_t draw_bar(char *out, size_t room, double part) {
    size_t inner = room - 2, filled = (size_t)(part * (double)inner);
    out[0] = '[';
    memset(out + 1, '=', filled);
    memset(out + 1 + filled, ' ', inner - filled);
    if (filled > 0 && filled < inner)
        out[filled] = '>';
    out[room - 1] = ']';
    return room;
}

size_t cli_progress_line(const cli_progress_state *s, size_t width, char *out, size_t cap) {
    enum { GAP = 3, PERCENT = 4 };
    char parts[3][PART_BYTES], line[LINE_BYTES];
    size_t count = format_parts(s, parts), fit = 0, needed = 0, len = 0;
    int has_bar = s->total >= 0;
    if (width > sizeof line - 1)
        width = sizeof line - 1;
    size_t room = has_bar && width > PERCENT ? width - PERCENT : width;
    while (fit < count && needed + strlen(parts[fit]) + GAP <= room)
        needed += strlen(parts[fit++]) + GAP;
    if (has_bar) {
        /* A hundred only when it is all there. */
        int percent = part_of(s) >= 1 ? 100 : (int)(part_of(s) * 100);
        len += (size_t)snprintf(line, sizeof line, "%3d%%", percent);
        size_t bar = room > needed + 1 ? room - needed - 1 : 0;
        if (bar >= BAR_LEAST) {
            line[len++] = ' ';
            len += draw_bar(line + len, bar < BAR_MOST ? bar : BAR_MOST, part_of(s));
        }
    }
    for (size_t i = 0; i < fit; i++)
        len += (size_t)snprintf(line + len, sizeof line - len, "%*s%s", len > 0 ? GAP : 0, "",
                                parts[i]);
    len = len < width ? len : width;
    line[len] = '\0';
    snprintf(out, cap, "%s", line);
    return len < cap ? len : cap - 1;
}

/* ---- the terminal ---- */

static size_t terminal_width(void) {
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return WIDTH_DEFAULT;
    return size.ws_col;
}

/* What a terminal does not take is not worth an error. */
static void put(const char *text, size_t len) {
    ssize_t n = write(STDERR_FILENO, text, len);
    (void)n;
}

/* An interrupt ends the line before it ends the program. */
static void end_line(int number) {
    put("\n", 1);
    signal(number, SIG_DFL);
    raise(number);
}

/* Take SIGINT over, or give it back; one that is ignored stays so. */
static void watch_interrupt(void (*from)(int), void (*to)(int)) {
    struct sigaction now, wanted = {.sa_handler = to};
    if (sigaction(SIGINT, NULL, &now) == 0 && now.sa_handler == from)
        sigaction(SIGINT, &wanted, NULL);
}

static void draw(cli_progress *p, double now) {
    if (p->drawn == 0)
        watch_interrupt(SIG_DFL, end_line);
    char line[LINE_BYTES + 8] = "\r";
    p->state.ms = now - p->began;
    /* The last column stays free: some terminals begin a new line there. */
    size_t len = 1 + cli_progress_line(&p->state, terminal_width() - 1, line + 1, LINE_BYTES);
    memcpy(line + len, "\x1b[K", 3); /* erase what is left of a longer one */
    put(line, len + 3);
    p->drawn = now;
}

void cli_progress_begin(cli_progress *p, int64_t before, int64_t total) {
    *p = (cli_progress){
        .state = {.done = before, .before = before, .total = total},
        .began = cli_now_ms(),
        .shown = isatty(STDERR_FILENO),
    };
}

void cli_progress_add(cli_progress *p, int64_t bytes) {
    p->state.done += bytes;
    if (!p->shown)
        return;
    double now = cli_now_ms();
    if (p->drawn == 0 || now - p->drawn >= DRAW_EVERY_MS)
        draw(p, now);
}

void cli_progress_end(cli_progress *p) {
    if (p->shown && p->drawn > 0) {
        draw(p, cli_now_ms());
        put("\n", 1);
        watch_interrupt(end_line, SIG_DFL);
    }
    p->shown = 0;
}
