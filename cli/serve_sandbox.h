/* serve_sandbox.h - giving up what serving files does not need. */
#ifndef CLI_SERVE_SANDBOX_H
#define CLI_SERVE_SANDBOX_H

#include <stddef.h>

/* What stays open below a directory. */
typedef enum serve_access { SERVE_READS, SERVE_WRITES } serve_access;

typedef struct serve_grant {
    const char *path;
    serve_access access;
} serve_grant;

/* What holds from now on. */
typedef struct serve_sandbox {
    int landlock; /* the version of its interface; 0: the kernel has none */
    int seccomp;
} serve_sandbox;

/* Shut this thread in, and all that it starts: no file but those below the grants can be opened,
 * nothing can be executed, no connection be made. Descriptors that are open stay as they are. What
 * the kernel does not have is left out. */
serve_sandbox serve_sandbox_enter(const serve_grant *grants, size_t count);

#endif
