/* stopwatch.h - the time that passes. */
#ifndef CLI_STOPWATCH_H
#define CLI_STOPWATCH_H

#include <stdint.h>

/* Milliseconds since a fixed moment, never going back. */
double cli_now_ms(void);
/* Wait; a signal that is handled ends it early. */
void cli_sleep_ms(int64_t ms);

#endif
