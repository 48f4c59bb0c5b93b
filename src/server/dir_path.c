/* server/dir_path.c - from the path of a request to a path below a directory.
 *
 * This decides what is shown. That nothing outside is reached does not rest on it alone: the file
 * is opened by a call that cannot leave the directory, whatever the path. */
#include "server/dir_path.h"

#include "base/str.h"

static bool is_dots(skua_str segment) {
    return sk_str_eq(segment, SK_LIT(".")) || sk_str_eq(segment, SK_LIT(".."));
}

static bool segment_is_shown(skua_str segment, bool first, bool dotfiles) {
    if (segment.len == 0 || is_dots(segment))
        return false;
    if (segment.ptr[0] == '.' && !dotfiles)
        return first && sk_str_eq(segment, SK_LIT(".well-known"));
    return memchr(segment.ptr, '\0', segment.len) == NULL;
}

bool sk_dir_path_map(skua_str rest, bool dotfiles, sk_dir_path *out) {
    skua_str path = rest;
    bool slash = path.len == 0 || path.ptr[path.len - 1] == '/';
    if (slash && path.len > 0)
        path.len--;
    /* "" is the directory itself, but "/" was an empty segment. */
    if (path.len == 0 && rest.len > 0)
        return false;
    for (size_t from = 0; from < path.len;) {
        const char *start = path.ptr + from;
        const char *end = memchr(start, '/', path.len - from);
        size_t len = end ? (size_t)(end - start) : path.len - from;
        if (!segment_is_shown((skua_str){start, len}, from == 0, dotfiles))
            return false;
        from += len + 1;
    }
    /* What ends with two slashes has an empty last segment. */
    if (path.len > 0 && path.ptr[path.len - 1] == '/')
        return false;
    *out = (sk_dir_path){path, slash};
    return true;
}
