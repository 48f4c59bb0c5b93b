/* report.h - what the command says to the person who runs it, on standard error. */
#ifndef CLI_REPORT_H
#define CLI_REPORT_H

#include <stddef.h>
#include <stdio.h>

/* Print one line: "skua: " and the text. Control characters are escaped, so that what a peer or a
 * file name holds cannot steer the terminal. */
__attribute__((format(printf, 1, 2))) void cli_say(const char *fmt, ...);

/* Write bytes with control characters, quotes where `quote` is one, and, where it is one, bytes
 * from 0x80 on as \xHH. */
void cli_put_escaped(FILE *f, const char *text, size_t len, int quote);

#endif
