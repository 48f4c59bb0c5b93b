/* progress.h - a bar on the terminal for what is on its way. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stddef.h>
#include <stdint.h>

/* How far something has come. */
typedef struct cli_progress_state {
    int64_t done;
    int64_t total;  /* -1: not known */
    int64_t before; /* of `done`, what was there when the time began */
    double ms;      /* since then */
} cli_progress_state;

/* Draw a line of at most `width` columns: percent, bar, bytes, rate, time left; without a total
 * bytes, rate and time. The least important parts go where there is no room. Terminated, cut to
 * `cap`. Returns its length. */
size_t cli_progress_line(const cli_progress_state *s, size_t width, char *out, size_t cap);

/* A bar on standard error. Zero is one that is never shown. */
typedef struct cli_progress {
    cli_progress_state state;
    double began;
    double drawn; /* when; 0: not yet */
    int shown;    /* may it be drawn? */
} cli_progress;

/* Begin anew; drawn only when standard error is a terminal. */
void cli_progress_begin(cli_progress *p, int64_t before, int64_t total);
/* So many bytes more. Draws at most ten times a second. */
void cli_progress_add(cli_progress *p, int64_t bytes);
/* Draw the last state and end the line, if one was drawn. */
void cli_progress_end(cli_progress *p);

#endif
