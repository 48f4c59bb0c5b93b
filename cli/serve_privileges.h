/* serve_privileges.h - becoming another user: --user. */
#ifndef CLI_SERVE_PRIVILEGES_H
#define CLI_SERVE_PRIVILEGES_H

#include <sys/types.h>

typedef struct serve_identity {
    char name[256]; /* "": nobody else */
    uid_t uid;
    gid_t gid;
} serve_identity;

/* Look up "NAME[:GROUP]"; NULL is nobody else. Returns 0, or -1 when it was said what is wrong. */
int serve_identity_find(serve_identity *identity, const char *user);

/* Become it for good, with all groups of its own. Before there are threads. Returns as above. */
int serve_identity_take(const serve_identity *identity);

#endif
