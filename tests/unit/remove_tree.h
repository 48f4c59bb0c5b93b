/* remove_tree.h - taking a directory of a test away, with all that is in it. */
#ifndef SK_TEST_REMOVE_TREE_H
#define SK_TEST_REMOVE_TREE_H

#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>

static inline int remove_tree_entry(const char *path, const struct stat *st, int type,
                                    struct FTW *at) {
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

/* 0, or what is left says why not. */
static inline int remove_tree(const char *path) {
    return nftw(path, remove_tree_entry, 8, FTW_DEPTH | FTW_PHYS);
}

#endif
