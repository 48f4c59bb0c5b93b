/* sys/directory.c - reading what a directory holds. In which order and form it is shown is not
 * decided here. */
#include "sys/directory.h"

#include "sys/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define FIRST_CAP 64

/* What one reading needs on its way. */
typedef struct reading {
    int root;
    const char *path;
    DIR *stream;
    sk_arena *arena;
    sk_directory *out;
    size_t cap;
} reading;

/* The arena takes nothing back: doubling wastes no more than the array's own size. */
static bool make_room(reading *r) {
    if (r->out->count < r->cap)
        return true;
    size_t cap = r->cap ? 2 * r->cap : FIRST_CAP;
    sk_dir_entry *grown = sk_arena_alloc(r->arena, cap * sizeof *grown);
    if (!grown)
        return false;
    if (r->out->count > 0)
        memcpy(grown, r->out->entries, r->out->count * sizeof *grown);
    r->out->entries = grown;
    r->cap = cap;
    return true;
}

/* A link is shown as what it leads to, and that is looked at only through the call that cannot
 * leave the root. 0 or -errno. */
static int look_behind_link(const reading *r, const char *name, sk_file_info *info) {
    size_t len = strlen(r->path);
    const char *slash = len == 0 || r->path[len - 1] == '/' ? "" : "/";
    const char *whole = sk_arena_printf(r->arena, "%s%s%s", r->path, slash, name);
    int fd = whole ? sk_file_open_below(r->root, whole) : -ENOMEM;
    if (fd < 0)
        return fd;
    int rc = sk_file_stat(fd, info);
    sk_file_close(fd);
    return rc;
}

static int look_at(const reading *r, const char *name, sk_file_info *info) {
    struct stat st;
    if (fstatat(dirfd(r->stream), name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return -errno;
    if (S_ISLNK(st.st_mode))
        return look_behind_link(r, name, info);
    *info = (sk_file_info){
        .size = st.st_size,
        .mtime = st.st_mtim.tv_sec,
        .is_dir = S_ISDIR(st.st_mode),
        .is_regular = S_ISREG(st.st_mode),
    };
    return 0;
}

/* The failure is ours, and says nothing about the entry. */
static bool is_shortage(int rc) {
    return rc == -ENOMEM || rc == -EMFILE || rc == -ENFILE;
}

static int add(reading *r, const char *name) {
    sk_file_info info = {0};
    int rc = look_at(r, name, &info);
    if (rc != 0 || (!info.is_dir && !info.is_regular))
        return is_shortage(rc) ? rc : 0;
    const char *copy = sk_arena_strndup(r->arena, name, strlen(name));
    if (!copy || !make_room(r))
        return -ENOMEM;
    r->out->entries[r->out->count++] = (sk_dir_entry){
        .name = copy,
        .size = info.size,
        .mtime = info.mtime,
        .is_dir = info.is_dir,
    };
    return 0;
}

static bool is_asked_for(const char *name, bool dotfiles) {
    if (name[0] != '.')
        return true;
    return dotfiles && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

static int read_all(reading *r, const sk_directory_bounds *bounds) {
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(r->stream);
        if (!entry)
            return -errno;
        if (!is_asked_for(entry->d_name, bounds->dotfiles))
            continue;
        if (r->out->count == bounds->max) {
            r->out->cut = true;
            return 0;
        }
        int rc = add(r, entry->d_name);
        if (rc != 0)
            return rc;
    }
}

int sk_directory_read(int root, const char *path, const sk_directory_bounds *bounds,
                      sk_arena *arena, sk_directory *out) {
    int fd = sk_file_open_below(root, path);
    if (fd < 0)
        return fd;
    DIR *stream = fdopendir(fd); /* which owns fd from here on */
    if (!stream) {
        int rc = -errno;
        sk_file_close(fd);
        return rc;
    }
    *out = (sk_directory){0};
    reading r = {.root = root, .path = path, .stream = stream, .arena = arena, .out = out};
    int rc = read_all(&r, bounds);
    closedir(stream);
    return rc;
}

int sk_directory_has(const char *path, bool (*is)(const char *name)) {
    DIR *stream = opendir(path);
    if (!stream)
        return -errno;
    const struct dirent *entry;
    bool found = false;
    do {
        errno = 0;
        entry = readdir(stream);
        found = entry && is(entry->d_name);
    } while (entry && !found);
    int rc = entry || errno == 0 ? found : -errno;
    closedir(stream);
    return rc;
}
