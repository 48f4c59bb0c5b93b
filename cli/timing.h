/* timing.h - the phases of an exchange drawn as bars, one below the other. */
#ifndef CLI_TIMING_H
#define CLI_TIMING_H

#include <skua/response.h>
#include <stdio.h>

/* Draw one exchange: a line for each phase that took place, its bar where and as long as the phase
 * lay within the total, and its length in milliseconds.
 *
 *     resolve |==|                                 |     1.2 ms
 *     connect |  |====|                            |     3.4 ms
 *
 * `cut` names the phase that a failure cut short, NULL where it was the receiving, or none; `width`
 * is that of the whole line; `utf8` draws with block characters. */
void cli_timing_draw(FILE *out, const skua_timings *t, const char *cut, int width, int utf8);

#endif
