/* Paths below a directory: whatever comes in, what comes out climbs nowhere. */
#include "base/str.h"
#include "server/dir_path.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition) {
    if (!condition)
        abort();
}

static void check_segment(skua_str segment, bool first, bool dotfiles) {
    require(segment.len > 0);
    require(!sk_str_eq(segment, SK_LIT(".")) && !sk_str_eq(segment, SK_LIT("..")));
    require(dotfiles || segment.ptr[0] != '.' ||
            (first && sk_str_eq(segment, SK_LIT(".well-known"))));
    require(!memchr(segment.ptr, '\0', segment.len));
}

static void check(skua_str rest, bool dotfiles) {
    sk_dir_path out;
    if (!sk_dir_path_map(rest, dotfiles, &out))
        return;
    /* The path is the rest, less one slash at its end. */
    require(out.path.ptr == rest.ptr);
    require(out.path.len + (out.slash && rest.len > 0) == rest.len);
    if (out.path.len == 0) {
        require(out.slash && rest.len == 0);
        return;
    }
    size_t from = 0;
    for (size_t i = 0; i <= out.path.len; i++) {
        if (i < out.path.len && out.path.ptr[i] != '/')
            continue;
        check_segment((skua_str){out.path.ptr + from, i - from}, from == 0, dotfiles);
        from = i + 1;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    skua_str rest = {(const char *)data, size};
    check(rest, false);
    check(rest, true);
    return 0;
}
