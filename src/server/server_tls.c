/* server/server_tls.c - the certificates of a running server. */
#include "base/fail.h"
#include "server/server_state.h"

int skua_server_reload(skua_server *s, skua_error *err) {
    if (!s)
        return sk_fail_absent(err, "a server is needed");
    int first = 0;
    for (uint32_t i = 0; i < s->listener_count; i++) {
        sk_tls_keeper *tls = s->listeners[i]->tls;
        int rc = tls ? sk_tls_keeper_reload(tls, first == 0 ? err : NULL) : 0;
        first = first == 0 ? rc : first;
    }
    return first;
}

int64_t skua_server_certificate_expiry(const skua_server *s, size_t listener, size_t index) {
    if (!s || listener >= s->listener_count || !s->listeners[listener]->tls)
        return SKUA_E_INVALID_ARGUMENT;
    return sk_tls_keeper_expiry(s->listeners[listener]->tls, index);
}
