/* serve_file.h - a file that comes into a directory: whole or not at all. */
#ifndef CLI_SERVE_FILE_H
#define CLI_SERVE_FILE_H

#include <stddef.h>

enum { SERVE_FILE_PARTIAL = 40 };

/* One that is being written. */
typedef struct serve_file {
    int dir; /* borrowed */
    int fd;
    char partial[SERVE_FILE_PARTIAL]; /* the name it has until it gets its own; "": none */
} serve_file;

/* Can a file be written in this directory before it has any name? */
int serve_file_may_be_nameless(int dir);

/* Remove what processes that were killed have left. What others still write is left alone. */
void serve_file_sweep(int dir);

/* All of these return 0, or -1 with errno. */

/* Begin a file, which has no name where that can be. */
int serve_file_begin(serve_file *f, int dir, int nameless);
int serve_file_write(const serve_file *f, const char *data, size_t len);
/* Have what was written on the disk. */
int serve_file_sync(const serve_file *f);
/* Give it its name. EEXIST: there is something of the name, and it is not to be overwritten. */
int serve_file_give_name(serve_file *f, const char *name, int overwrite);

/* Let go of it; one without a name of its own is gone. */
void serve_file_end(serve_file *f);

#endif
