/* serve_privileges.h - becoming another user: --user. */
#ifndef CLI_SERVE_PRIVILEGES_H
#define CLI_SERVE_PRIVILEGES_H

#include <sys/types.h>

typedef struct serve_identity {
    char name[256];
    int is_other; /* 0: stay who one is */
    uid_t uid;
    gid_t gid;
} serve_identity;

/* Look up "NAME[:GROUP]"; NULL is nobody else. Returns 0, or -1 when it was said what is wrong. */
int serve_identity_find(serve_identity *identity, const char *user);

/* Act as it for a while, and as oneself again: what is opened meanwhile, it will be able to open as
 * well. Returns as above. */
int serve_identity_act(const serve_identity *identity);
int serve_identity_return(const serve_identity *identity);

/* Become it for good, with all groups of its own. Before there are threads. Returns as above. */
int serve_identity_take(const serve_identity *identity);

#endif
