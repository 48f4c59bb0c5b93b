/* sys/directory.h - reading what a directory holds. */
#ifndef SK_SYS_DIRECTORY_H
#define SK_SYS_DIRECTORY_H

#include "base/arena.h"

#include <stdbool.h>

typedef struct sk_dir_entry {
    const char *name;
    int64_t size;
    int64_t mtime; /* Unix seconds */
    bool is_dir;
} sk_dir_entry;

typedef struct sk_directory {
    sk_dir_entry *entries; /* in the system's order */
    size_t count;
    bool cut; /* it holds more than were asked for */
} sk_directory;

/* What is read of a directory. */
typedef struct sk_directory_bounds {
    size_t max;    /* entries */
    bool dotfiles; /* names that begin with ".", too: but for "." and ".." */
} sk_directory_bounds;

/* Read the files and directories of root/path; path as sk_file_open_below takes it. What could not
 * be opened that way is left out: links that lead out or nowhere, FIFOs, sockets, devices. Names
 * and array are the arena's. 0 or -errno. */
int sk_directory_read(int root, const char *path, const sk_directory_bounds *bounds,
                      sk_arena *arena, sk_directory *out);
/* Has the directory a name of the kind that `is` tells? 1, 0 or -errno. */
int sk_directory_has(const char *path, bool (*is)(const char *name));

#endif
