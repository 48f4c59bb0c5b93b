/* server/glob.c - patterns for the names of files. */
#include "server/glob.h"

#include "base/str.h"

static skua_str name_of(skua_str path) {
    size_t at = path.len;
    while (at > 0 && path.ptr[at - 1] != '/')
        at--;
    return (skua_str){path.ptr + at, path.len - at};
}

static bool ends_with(skua_str text, skua_str ending) {
    return text.len >= ending.len &&
           sk_str_ieq((skua_str){text.ptr + text.len - ending.len, ending.len}, ending);
}

/* Only the last star is gone back to: what an earlier one could take more of, the last one can as
 * well. So the time is at most the product of both lengths. */
static bool matches(const char *pattern, skua_str text) {
    const char *star = NULL;
    size_t at = 0, star_at = 0;
    while (at < text.len) {
        if (*pattern == '*') {
            star = ++pattern;
            star_at = at;
        } else if (*pattern && (*pattern == '?' || sk_lower(*pattern) == sk_lower(text.ptr[at]))) {
            pattern++;
            at++;
        } else if (star) {
            pattern = star;
            at = ++star_at;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

bool sk_glob_takes(const char *pattern, skua_str path) {
    skua_str text = strchr(pattern, '/') ? path : name_of(path);
    if (pattern[0] == '.' && !strpbrk(pattern, "*?/"))
        return ends_with(text, sk_str(pattern));
    return matches(pattern, text);
}
