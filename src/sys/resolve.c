/* sys/resolve.c - names to addresses, in a thread that nobody waits for.
 *
 *     start --> job, 2 holders --> thread: lookup --> done, wake --> let go
 *                              \-> caller: polls, takes the result or does not --> let go
 *
 * The last holder frees the job. No cache: what the system keeps is kept well enough. */
#include "sys/resolve.h"

#include "base/fail.h"
#include "base/mem.h"
#include "base/str.h"
#include "sys/thread.h"
#include "sys/wake.h"

#include <errno.h>
#include <netdb.h>
#include <stdatomic.h>

struct sk_resolve {
    atomic_int holders;
    atomic_bool done; /* the result below is whole and changes no more */
    int eai;
    int count;
    sk_addr addrs[SK_RESOLVE_MAX];
    sk_wake wake; /* -1 where there is no thread */
    sk_lookup_fn *lookup;
    void *user;
    int port;
    sk_family family;
    char host[];
};

/* The system's lookup */

static int to_af(sk_family family) {
    static const int af[] = {
        [SK_FAMILY_ANY] = AF_UNSPEC, [SK_FAMILY_V4] = AF_INET, [SK_FAMILY_V6] = AF_INET6};
    return af[family];
}

/* RFC 6761 6.3: "localhost" and the names below it mean the loopback. */
static bool is_localhost(const char *host) {
    skua_str h = sk_str(host);
    if (h.len > 0 && h.ptr[h.len - 1] == '.')
        h.len--;
    const skua_str name = SK_LIT("localhost");
    if (h.len < name.len)
        return false;
    skua_str tail = {h.ptr + h.len - name.len, name.len};
    return sk_str_ieq(tail, name) && (h.len == name.len || tail.ptr[-1] == '.');
}

static int take_addresses(const struct addrinfo *list, int port, sk_addr *out, int cap) {
    int n = 0;
    for (; list && n < cap; list = list->ai_next) {
        if (list->ai_addrlen > sizeof out[n].ss)
            continue;
        out[n] = (sk_addr){.len = list->ai_addrlen};
        memcpy(&out[n].ss, list->ai_addr, list->ai_addrlen);
        sk_addr_set_port(&out[n], port);
        n++;
    }
    return n;
}

/* AI_ADDRCONFIG spares a machine without IPv6 the AAAA query, which some name servers leave
 * unanswered. But it does not count loopback addresses as configured: it hides ::1 where there is
 * only IPv4 otherwise, and everything on a machine that has nothing but its loopback. So localhost
 * goes without it, and a name it has found nothing for is asked for once more. */
static int system_lookup(void *user, const char *host, int port, sk_family family, sk_addr *out,
                         int cap, int *count) {
    (void)user;
    struct addrinfo hints = {.ai_family = to_af(family), .ai_socktype = SOCK_STREAM};
    hints.ai_flags = is_localhost(host) ? 0 : AI_ADDRCONFIG;
    struct addrinfo *list = NULL;
    int eai = getaddrinfo(host, NULL, &hints, &list);
    bool nothing = eai == EAI_NONAME || eai == EAI_NODATA || eai == EAI_ADDRFAMILY;
    if (nothing && hints.ai_flags != 0) {
        hints.ai_flags = 0;
        eai = getaddrinfo(host, NULL, &hints, &list);
    }
    if (eai != 0)
        return eai;
    *count = take_addresses(list, port, out, cap);
    freeaddrinfo(list);
    return 0;
}

/* ---- the job ---- */

static void let_go(sk_resolve *r) {
    if (atomic_fetch_sub(&r->holders, 1) > 1)
        return;
    sk_wake_close(&r->wake);
    sk_free(r);
}

static void *run(void *arg) {
    sk_resolve *r = arg;
    r->eai = r->lookup(r->user, r->host, r->port, r->family, r->addrs, SK_RESOLVE_MAX, &r->count);
    if (r->eai == 0 && r->count == 0)
        r->eai = EAI_NONAME;
    atomic_store(&r->done, true);
    sk_wake_set(&r->wake);
    let_go(r);
    return NULL;
}

/* Digits need no lookup. */
static bool resolve_digits(sk_resolve *r) {
    sk_addr *a = &r->addrs[0];
    if (!sk_addr_parse(sk_str(r->host), r->port, a))
        return false;
    bool wanted = r->family == SK_FAMILY_ANY || a->ss.ss_family == to_af(r->family);
    r->count = wanted;
    r->eai = wanted ? 0 : EAI_ADDRFAMILY;
    atomic_store(&r->done, true);
    return true;
}

static int start_thread(sk_resolve *r) {
    int rc = sk_wake_init(&r->wake);
    if (rc != 0)
        return rc;
    atomic_store(&r->holders, 2);
    rc = sk_thread_start_detached(run, r);
    if (rc != 0)
        atomic_store(&r->holders, 1);
    return rc;
}

static sk_resolve *new_job(const char *host) {
    size_t size = strlen(host) + 1;
    sk_resolve *r = sk_zalloc(sizeof *r + size);
    if (!r)
        return NULL;
    memcpy(r->host, host, size);
    atomic_init(&r->holders, 1);
    atomic_init(&r->done, false);
    r->wake = (sk_wake){-1, -1};
    return r;
}

sk_resolve *sk_resolve_start(const char *host, int port, sk_family family, sk_lookup_fn *lookup,
                             void *user, skua_error *err) {
    if (!host || host[0] == '\0') {
        sk_fail(err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_RESOLVE, "no host name");
        return NULL;
    }
    sk_resolve *r = new_job(host);
    if (!r) {
        sk_fail_nomem(err);
        return NULL;
    }
    r->port = port;
    r->family = family;
    r->lookup = lookup ? lookup : system_lookup;
    r->user = user;
    if (resolve_digits(r))
        return r;
    int rc = start_thread(r);
    if (rc == 0)
        return r;
    sk_fail_os(err, SKUA_E_OS, SKUA_PHASE_RESOLVE, -rc, "%s: cannot start a lookup", host);
    let_go(r);
    return NULL;
}

int sk_resolve_fd(const sk_resolve *r) {
    return r->wake.read_fd;
}

int sk_resolve_done(sk_resolve *r, int *eai, const sk_addr **addrs, int *count) {
    if (!atomic_load(&r->done))
        return 0;
    *eai = r->eai;
    *addrs = r->addrs;
    *count = r->eai == 0 ? r->count : 0;
    return 1;
}

int sk_resolve_fail(skua_error *err, const char *host, int eai) {
    if (eai == EAI_MEMORY)
        return sk_fail_nomem(err);
    sk_fail(err, SKUA_E_RESOLVE, SKUA_PHASE_RESOLVE, "%s: %s", host, gai_strerror(eai));
    if (err)
        err->resolve_code = eai;
    return SKUA_E_RESOLVE;
}

void sk_resolve_release(sk_resolve *r) {
    if (r)
        let_go(r);
}
