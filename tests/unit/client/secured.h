/* secured.h - a scripted peer that speaks TLS, by a certificate of a local authority. */
#ifndef SK_TEST_SECURED_H
#define SK_TEST_SECURED_H

#include "net/tls.h"
#include "script.h"

#include <skua/tls.h>
#include <unistd.h>

static char secured_dir[] = "/tmp/skua-test-tls-XXXXXX";
static skua_local_ca_files files;
/* One for all, so that it knows its tickets again. */
static sk_tls_ctx *secured_server;

static inline int make_authority(void **state) {
    (void)state;
    skua_error err;
    const char *const names[] = {"example.org", NULL};
    if (!mkdtemp(secured_dir) ||
        skua_local_ca_ensure(SKUA_OPTS(skua_local_ca_opts, .dir = secured_dir, .names = names),
                             &files, &err) != 0)
        return -1;
    secured_server = sk_tls_server_ctx(
        SKUA_OPTS(skua_tls_opts, .cert_file = files.cert_file, .key_file = files.key_file), &err);
    return secured_server ? 0 : -1;
}

static inline int remove_authority(void **state) {
    (void)state;
    char command[128];
    sk_tls_ctx_unref(secured_server);
    snprintf(command, sizeof command, "rm -r '%s'", secured_dir);
    return system(command);
}

typedef struct secured {
    script *s;
    sk_tls_scratch *scratch;
} secured;

static inline secured begin(const step *steps, const char *where, skua_tls_opts tls,
                            skua_conn_opts opts) {
    secured t = {.scratch = sk_tls_scratch_new()};
    skua_error err = {0};
    tls.size = sizeof tls;
    opts.tls = &tls;
    t.s = script_with(steps, where, opts, 1 << 20);
    t.s->far = sk_tls_server(secured_server, t.s->far, t.scratch, &err);
    assert_non_null(t.s->far);
    return t;
}

static inline secured believing(const step *steps) {
    return begin(steps, "https://example.org", (skua_tls_opts){.ca_file = files.ca_file},
                 (skua_conn_opts){0});
}

static inline void end(secured *t) {
    script_free(t->s);
    sk_tls_scratch_free(t->scratch);
}

#endif
