/* server/open_file.h - a descriptor that several replies of one worker send from. */
#ifndef SK_SERVER_OPEN_FILE_H
#define SK_SERVER_OPEN_FILE_H

#include <stdint.h>

typedef struct sk_open_file {
    int fd;
    uint32_t users; /* whoever is the last closes it */
} sk_open_file;

/* It takes the descriptor, and has one user. NULL: no memory, and the descriptor stays open. */
sk_open_file *sk_open_file_new(int fd);
/* One user more, and one less; NULL is fine. */
sk_open_file *sk_open_file_share(sk_open_file *f);
void sk_open_file_release(sk_open_file *f);

#endif
