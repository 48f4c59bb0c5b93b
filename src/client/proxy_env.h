/* client/proxy_env.h - which proxy the environment names for a URL, and why. Pure: the environment
 * is an argument. */
#ifndef SK_CLIENT_PROXY_ENV_H
#define SK_CLIENT_PROXY_ENV_H

#include <skua/url.h>
#include <stdbool.h>

/* The value of a variable, or NULL. */
typedef const char *sk_env_fn(void *user, const char *name);

typedef struct sk_proxy_choice {
    const char *proxy; /* the variable's value; NULL: none */
    char rule[256];    /* what decided, for people; cut where it is longer */
} sk_proxy_choice;

/* What a connection is for. */
typedef struct sk_proxy_query {
    bool https;
    const char *host; /* as skua_url_host gives it */
    int port;
} sk_proxy_query;

sk_proxy_choice sk_proxy_env_choose(const sk_proxy_query *q, sk_env_fn *env, void *user);
/* The environment of the process; nothing of it where the process runs with more rights than its
 * user has. A sk_env_fn. */
const char *sk_proxy_env_process(void *user, const char *name);

#endif
