/* entries.h - how many names a directory of a test holds. */
#ifndef SK_TEST_ENTRIES_H
#define SK_TEST_ENTRIES_H

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* "." and ".." aside. */
static inline int entries_of(const char *path) {
    DIR *d = opendir(path);
    int n = 0;
    assert_non_null(d);
    while (readdir(d))
        n++;
    closedir(d);
    return n - 2;
}

#endif
