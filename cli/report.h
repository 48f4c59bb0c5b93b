/* report.h - lines for the person who runs the command, most of them on standard error. */
#ifndef CLI_REPORT_H
#define CLI_REPORT_H

#include <stddef.h>

/* A line being put together. */
typedef struct cli_line {
    int fd; /* where it goes */
    size_t len;
    char text[16384];
} cli_line;

void cli_line_begin(cli_line *line, int fd);
/* Add bytes with control characters, and what is no UTF-8, as \xHH. */
void cli_line_put(cli_line *line, const char *text, size_t len);
/* Add text as it is, formatted: at most 255 bytes. */
__attribute__((format(printf, 2, 3))) void cli_line_format(cli_line *line, const char *fmt, ...);
/* Write the line. */
void cli_line_end(cli_line *line);

/* Write one line: "skua: " and the text. Control characters are escaped, so that what a peer or a
 * file name holds cannot steer the terminal. */
__attribute__((format(printf, 1, 2))) void cli_say(const char *fmt, ...);

#endif
