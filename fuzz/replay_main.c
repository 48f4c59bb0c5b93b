/* fuzz/replay_main.c - runs a fuzz target over the files of its corpus, without libFuzzer.
 *
 *     replay_NAME [FILE or FOLDER]...
 *
 * The empty input always runs. A target says that something is wrong by crashing, as it does under
 * libFuzzer; the name of the input under way is then the last line on standard error. */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0) {
        fprintf(stderr, "replay: %s: %s\n", path, strerror(errno));
        return -1;
    }
    long size = ftell(file);
    rewind(file);
    /* A block of exactly this size, so that a sanitizer sees the first byte read past it. */
    uint8_t *data = malloc(size > 0 ? (size_t)size : 1);
    int rc = -1;
    if (data && size >= 0 && fread(data, 1, (size_t)size, file) == (size_t)size) {
        fprintf(stderr, "%s\n", path);
        LLVMFuzzerTestOneInput(data, (size_t)size);
        rc = 1;
    }
    free(data);
    fclose(file);
    return rc;
}

static int is_input(const struct dirent *entry) {
    return entry->d_name[0] != '.';
}

static int replay_folder(const char *path) {
    struct dirent **entries;
    int count = scandir(path, &entries, is_input, alphasort);
    if (count < 0)
        return errno == ENOTDIR ? replay_file(path) : errno == ENOENT ? 0 : -1;
    int done = 0;
    for (int i = 0; i < count; i++) {
        char file[4096];
        snprintf(file, sizeof file, "%s/%s", path, entries[i]->d_name);
        if (done >= 0)
            done = replay_file(file) == 1 ? done + 1 : -1;
        free(entries[i]);
    }
    free(entries);
    return done;
}

int main(int argc, char **argv) {
    int total = 1;
    LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
    for (int i = 1; i < argc; i++) {
        int done = replay_folder(argv[i]);
        if (done < 0)
            return 1;
        total += done;
    }
    printf("replayed %d inputs\n", total);
    return 0;
}
