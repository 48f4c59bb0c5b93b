/* serve_privileges.c - becoming another user: --user. What root alone may do, binding a low port
 * and reading a private key, is done by then. */
#include "serve_privileges.h"

#include "report.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int serve_identity_find(serve_identity *identity, const char *user) {
    *identity = (serve_identity){.name = ""};
    if (!user)
        return 0;
    const char *colon = strchr(user, ':');
    snprintf(identity->name, sizeof identity->name, "%.*s",
             colon ? (int)(colon - user) : (int)strlen(user), user);
    const struct passwd *account = getpwnam(identity->name);
    if (!account) {
        cli_say("serve: --user: %s: no such user", identity->name);
        return -1;
    }
    identity->uid = account->pw_uid;
    identity->gid = account->pw_gid;
    const struct group *group = colon ? getgrnam(colon + 1) : NULL;
    if (colon && !group) {
        cli_say("serve: --user: %s: no such group", colon + 1);
        return -1;
    }
    identity->gid = group ? group->gr_gid : identity->gid;
    identity->is_other = geteuid() == 0;
    if (identity->is_other || (geteuid() == identity->uid && getegid() == identity->gid))
        return 0;
    cli_say("serve: --user: only root can become %s", user);
    return -1;
}

static int fail(const serve_identity *identity) {
    cli_say("serve: --user: cannot become %s: %s", identity->name, strerror(errno));
    return -1;
}

int serve_identity_act(const serve_identity *identity) {
    if (!identity->is_other || (setegid(identity->gid) == 0 && seteuid(identity->uid) == 0))
        return 0;
    return fail(identity);
}

int serve_identity_return(const serve_identity *identity) {
    if (!identity->is_other || (seteuid(0) == 0 && setegid(getgid()) == 0))
        return 0;
    return fail(identity);
}

/* The groups first: later there is no right to. */
static int take(const serve_identity *identity) {
    if (initgroups(identity->name, identity->gid) != 0 ||
        setresgid(identity->gid, identity->gid, identity->gid) != 0 ||
        setresuid(identity->uid, identity->uid, identity->uid) != 0)
        return -1;
    if (identity->uid != 0 && setuid(0) == 0) {
        errno = EPERM; /* it did not hold */
        return -1;
    }
    return 0;
}

int serve_identity_take(const serve_identity *identity) {
    return !identity->is_other || take(identity) == 0 ? 0 : fail(identity);
}
