/* output.h - where `get` writes to: a file that is made when it is needed, or standard output. */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include <stddef.h>
#include <stdint.h>

typedef struct cli_output {
    const char *path; /* NULL: standard output */
    int fd;           /* -1: not open yet */
    int discard;      /* nothing is written anywhere */
    int append;       /* what is in the file stays */
    int asked_stdout; /* "-" was said, so that even a terminal gets any bytes */
    int64_t written;
    int64_t kept; /* what was in the file before, once it is open */
} cli_output;

/* path NULL or "-" is standard output. Nothing is opened yet. */
void cli_output_init(cli_output *o, const char *path);
/* What the messages call it. */
const char *cli_output_name(const cli_output *o);
/* Make or empty the file. Each returns 0, or -1 with errno. */
int cli_output_open(cli_output *o);
int cli_output_write(cli_output *o, const void *data, size_t len);
/* Take back what was written to a file; standard output keeps it. */
int cli_output_rewind(cli_output *o);
int cli_output_close(cli_output *o);
/* Is it a terminal? */
int cli_output_is_terminal(const cli_output *o);

#endif
