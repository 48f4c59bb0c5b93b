/* file_probe.c - the life of files of `skua serve --upload`, without a server.
 *
 *     file_probe DIRECTORY NAMELESS NAME OVERWRITE CONTENT
 *
 * Writes one file and prints what came of it, and how many names there were meanwhile. */
#include "serve_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int count_names(const char *path) {
    DIR *all = opendir(path);
    int count = 0;
    while (all && readdir(all))
        count++;
    if (all)
        closedir(all);
    return count;
}

int main(int argc, char **argv) {
    serve_file f;
    if (argc != 6)
        return 2;
    int dir = open(argv[1], O_RDONLY | O_DIRECTORY);
    int before = count_names(argv[1]);
    printf("may-be-nameless %d\n", serve_file_may_be_nameless(dir));
    int rc = serve_file_begin(&f, dir, atoi(argv[2]));
    if (rc == 0) {
        printf("names %d\n", count_names(argv[1]) - before);
        serve_file_sweep(dir); /* which leaves alone what is being written */
        rc = serve_file_write(&f, argv[5], strlen(argv[5]));
        rc = rc == 0 ? serve_file_sync(&f) : rc;
        rc = rc == 0 ? serve_file_give_name(&f, argv[3], atoi(argv[4])) : rc;
    }
    printf("errno %d\n", rc == 0 ? 0 : errno);
    serve_file_end(&f);
    return 0;
}
