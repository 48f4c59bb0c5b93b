/* client/settings.h - the options of connections: checked, completed with their defaults, and
 * copied. They do not change afterwards, so that the connections of a client share them, whichever
 * threads those are in. */
#ifndef SK_CLIENT_SETTINGS_H
#define SK_CLIENT_SETTINGS_H

#include "base/arena.h"
#include "net/dial.h"
#include "net/tls.h"
#include "wire/h1.h"

#include <skua/conn.h>
#include <stdbool.h>

/* One of skua_conn_opts.resolve, parsed. */
typedef struct sk_override {
    const char *host; /* "*" is any */
    int port;         /* 0: any */
    int count;
    sk_addr at[SK_DIAL_RACE_MAX]; /* their ports are set when they are dialled */
} sk_override;

typedef struct sk_settings {
    skua_conn_opts
        o; /* complete; NULL: tls, proxy_tls, stream, and what stands below in another form */
    sk_h1_limits limits;
    sk_family family;
    bool has_from;
    sk_addr from;
    sk_override *overrides;
    size_t override_count;
    const char *unix_host; /* "unix:/path", dialled in place of all hosts; NULL: none */
    sk_tls_ctx *tls;       /* NULL until sk_settings_load_tls */
    sk_tls_ctx *proxy_tls; /* NULL where no https proxy can be meant */
    sk_arena mem;          /* what the pointers in o and overrides point to */
} sk_settings;

/* opts may be NULL. NULL: err is filled. */
sk_settings *sk_settings_new(const skua_conn_opts *opts, skua_error *err);
void sk_settings_free(sk_settings *s);
/* Load certificates and trust, unless that is done. tls may be NULL. */
int sk_settings_load_tls(sk_settings *s, const skua_tls_opts *tls, skua_error *err);
/* The override for a host, or NULL. */
const sk_override *sk_settings_override(const sk_settings *s, const char *host, int port);

#endif
