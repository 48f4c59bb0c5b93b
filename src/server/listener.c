/* server/listener.c - from "https://host:port" to bound descriptors.
 *
 * A host may have several addresses; each is bound. Each worker has a TCP descriptor of its own
 * (SO_REUSEPORT), so that the kernel spreads connections and no worker wakes for another's, but
 * where that one is held up (worker_accept.c). A Unix socket can be bound only once, and one that
 * is handed over is one: the workers share it. */
#include "server/listener.h"

#include "base/fail.h"
#include "base/mem.h"
#include "base/str.h"
#include "sys/poller.h"
#include "sys/resolve.h"
#include "sys/service.h"
#include "wire/url.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>

#define RESOLVE_MS    5000
#define ADDRESSES_MAX 16
#define PORT_TRIES    8 /* a free port of one address may be taken on another */
/* The kernel holds a connection back until its first bytes are there: accepting and reading them is
 * then one wake-up. A silent peer is handed over a little later, and timed from then on. */
#define DEFER_SECONDS 1

/* What is to be bound. */
typedef struct place {
    const char *where;
    bool https;
    skua_str host; /* without brackets */
    bool any;      /* "*": all addresses */
    int port;
    uint32_t workers;
    const skua_listen_opts *opts;
    sk_addr addrs[ADDRESSES_MAX];
    int addr_count;
} place;

static int refuse(skua_error *err, const place *p, const char *what) {
    return sk_fail(err, SKUA_E_INVALID_URL, SKUA_PHASE_NONE, "listen on \"%s\": %s", p->where,
                   what);
}

static int fail_os(skua_error *err, const place *p, int os_errno) {
    return sk_fail_os(err, SKUA_E_OS, SKUA_PHASE_NONE, os_errno, "listen on %s", p->where);
}

/* ---- reading the words ---- */

static int parse(place *p, skua_error *err) {
    sk_url_parts parts;
    const char *what;
    size_t at;
    if (!sk_url_split(sk_str(p->where), &parts, &what, &at))
        return refuse(err, p, what);
    p->https = sk_str_ieq(parts.scheme, SK_LIT("https"));
    if (!p->https && !sk_str_ieq(parts.scheme, SK_LIT("http")))
        return refuse(err, p, "none of http://, https://, unix:, fd: and systemd:");
    if (parts.userinfo.ptr || parts.query.ptr || parts.fragment.ptr || parts.path.len > 1)
        return refuse(err, p, "only a host and a port can be listened on");
    if (parts.host.len == 0)
        return refuse(err, p, "no host (\"*\" is all addresses)");
    p->host = parts.host;
    p->any = sk_str_eq(parts.host, SK_LIT("*"));
    p->port = p->https ? SKUA_HTTPS_PORT : SKUA_HTTP_PORT;
    if (parts.port.len > 0 && !sk_url_port(parts.port, &p->port))
        return refuse(err, p, "a port is 0 to 65535");
    return 0;
}

static int wait_resolved(sk_resolve *r, const char *host, place *p, skua_error *err) {
    const sk_addr *addrs;
    int eai, count;
    int fd = sk_resolve_fd(r);
    int rc = fd < 0 ? 0 : sk_poll_one(fd, SKUA_WANT_READ, RESOLVE_MS, err);
    if (rc != 0 && rc != SKUA_E_TIMEOUT)
        return rc;
    if (rc != 0 || !sk_resolve_done(r, &eai, &addrs, &count))
        return sk_fail(err, SKUA_E_RESOLVE, SKUA_PHASE_RESOLVE, "%s: no answer in %d s", host,
                       RESOLVE_MS / 1000);
    if (eai != 0)
        return sk_resolve_fail(err, host, eai);
    for (int i = 0; i < count && p->addr_count < ADDRESSES_MAX; i++)
        p->addrs[p->addr_count++] = addrs[i];
    return p->addr_count > 0 ? 0 : sk_resolve_fail(err, host, eai);
}

static int find_addresses(place *p, skua_error *err) {
    if (p->any) {
        p->addr_count = sk_addr_parse(SK_LIT("::"), p->port, &p->addrs[0]) ? 1 : 0;
        return 0;
    }
    if (sk_addr_parse(p->host, p->port, &p->addrs[0])) {
        p->addr_count = 1;
        return 0;
    }
    char *host = sk_strndup(p->host.ptr, p->host.len);
    if (!host)
        return sk_fail_nomem(err);
    sk_resolve *r = sk_resolve_start(host, p->port, SK_FAMILY_ANY, NULL, NULL, err);
    int rc = r ? wait_resolved(r, host, p, err) : err ? err->code : SKUA_E_RESOLVE;
    sk_resolve_release(r);
    sk_free(host);
    return rc;
}

/* ---- binding ---- */

void sk_listener_close(sk_listener *l) {
    for (uint32_t i = 0; i < l->fd_count; i++)
        sk_socket_close(l->fds[i]);
    l->fd_count = 0;
    sk_socket_file_remove(&l->file);
}

static int bind_one(const place *p, const sk_addr *at, bool reuse_port) {
    const sk_listen_opts opts = {.reuse_port = reuse_port,
                                 .defer_seconds = p->https ? 0 : DEFER_SECONDS};
    return sk_socket_listen(at, &opts);
}

/* Sharing a port is for our workers alone: if anybody else has it, it is in use. 0 or -errno. */
static int probe(const place *p, const sk_addr *at) {
    int fd = bind_one(p, at, false);
    if (fd < 0)
        return fd;
    sk_socket_close(fd);
    return 0;
}

/* Bind one address for each worker. Port 0 becomes the port that the first was given. 0 or -errno,
 * with what was bound so far in l. */
static int bind_address(const place *p, sk_addr *at, sk_listener *l) {
    bool several = p->workers > 1;
    int rc = several && sk_addr_port(at) != 0 ? probe(p, at) : 0;
    for (uint32_t i = 0; rc == 0 && i < p->workers; i++) {
        int fd = bind_one(p, at, several);
        if (fd < 0)
            return fd;
        l->fds[l->fd_count++] = fd;
        sk_addr local;
        if (sk_addr_port(at) == 0 && (rc = sk_socket_local(fd, &local)) == 0)
            sk_addr_set_port(at, sk_addr_port(&local));
    }
    return rc;
}

/* An address of a family that this machine does not speak. */
static bool is_absent(int rc) {
    return rc == -EADDRNOTAVAIL || rc == -EAFNOSUPPORT;
}

/* 0, and *port, or -errno. Addresses that are absent are passed over while there is another. */
static int bind_addresses(const place *p, sk_listener *l, int *port) {
    int rc = 0;
    *port = p->port;
    for (int i = 0; i < p->addr_count; i++) {
        sk_addr at = p->addrs[i];
        sk_addr_set_port(&at, *port);
        uint32_t before = l->fd_count;
        rc = bind_address(p, &at, l);
        if (rc == 0)
            *port = sk_addr_port(&at);
        else if (!is_absent(rc) || l->fd_count > before)
            return rc;
    }
    return l->fd_count > 0 ? 0 : rc;
}

static int bind_tcp(place *p, sk_listener *l, int *port, skua_error *err) {
    int rc = bind_addresses(p, l, port);
    if (is_absent(rc) && p->any && sk_addr_parse(SK_LIT("0.0.0.0"), p->port, &p->addrs[0]))
        rc = bind_addresses(p, l, port);
    bool any_port = p->port == 0 && p->addr_count > 1;
    for (int i = 0; rc == -EADDRINUSE && any_port && i < PORT_TRIES; i++) {
        sk_listener_close(l);
        rc = bind_addresses(p, l, port);
    }
    return rc == 0 ? 0 : fail_os(err, p, -rc);
}

static int bind_unix(place *p, sk_listener *l, skua_error *err) {
    skua_str path = sk_str(p->where + strlen("unix:"));
    if (sk_addr_unix(path, &p->addrs[0]) != 0)
        return refuse(err, p, "the path of a Unix socket is empty or too long");
    const sk_listen_opts opts = {.mode = p->opts->unix_mode};
    int fd = sk_socket_listen(&p->addrs[0], &opts);
    if (fd < 0)
        return fail_os(err, p, -fd);
    l->fds[l->fd_count++] = fd;
    l->shared = true;
    sk_socket_file_note(&l->file, &p->addrs[0]);
    return 0;
}

/* ---- the whole ---- */

/* The host as it was bound, the port as it is. NULL: no memory. */
static char *make_url(const place *p, int port) {
    char text[512];
    const char *host = p->host.ptr;
    size_t len = p->host.len;
    if (p->any) {
        host = p->addrs[0].ss.ss_family == AF_INET6 ? "::" : "0.0.0.0";
        len = strlen(host);
    }
    bool v6 = memchr(host, ':', len) != NULL;
    int n = snprintf(text, sizeof text, "%s://%s%.*s%s:%d/", p->https ? "https" : "http",
                     v6 ? "[" : "", (int)len, host, v6 ? "]" : "", port);
    return n > 0 && (size_t)n < sizeof text ? sk_strdup(text) : NULL;
}

static bool make_room(sk_listener *l, uint32_t count) {
    l->fds = sk_alloc(count * sizeof *l->fds);
    return l->fds != NULL;
}

static int listen_tcp(place *p, sk_listener *l, skua_error *err) {
    int port;
    const skua_tls_opts *tls = p->opts->tls;
    int rc = parse(p, err);
    if (rc == 0 && !p->https && tls)
        rc = refuse(err, p, "TLS settings are for https://");
    if (rc == 0 && p->https && !tls)
        rc = sk_fail(err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_TLS,
                     "listen on %s: TLS settings with a cert_file are needed", p->where);
    if (rc == 0 && p->https && !(l->tls = sk_tls_keeper_new(tls, err)))
        rc = err->code;
    if (rc == 0)
        rc = find_addresses(p, err);
    if (rc == 0 && !make_room(l, (uint32_t)p->addr_count * p->workers))
        rc = sk_fail_nomem(err);
    if (rc == 0)
        rc = bind_tcp(p, l, &port, err);
    if (rc == 0 && !(l->url = make_url(p, port)))
        rc = sk_fail_nomem(err);
    return rc;
}

static int load_tls(place *p, sk_listener *l, skua_error *err) {
    const skua_tls_opts *tls = p->opts->tls;
    return !tls || (l->tls = sk_tls_keeper_new(tls, err)) ? 0 : err->code;
}

static int listen_unix(place *p, sk_listener *l, skua_error *err) {
    int rc = load_tls(p, l, err);
    if (rc != 0)
        return rc;
    l->url = sk_strdup(p->where);
    if (!l->url || !make_room(l, 1))
        return sk_fail_nomem(err);
    return bind_unix(p, l, err);
}

/* ---- sockets that listen already ---- */

/* "http://127.0.0.1:80/", "unix:/path". NULL: no memory. */
static char *url_of(int fd, bool tls) {
    char text[SK_ADDR_TEXT] = "", url[SK_ADDR_TEXT + 16];
    sk_addr at;
    if (sk_socket_local(fd, &at) == 0)
        sk_addr_format((const struct sockaddr *)&at.ss, at.len, text);
    if (strncmp(text, "unix:", strlen("unix:")) == 0)
        return sk_strdup(text);
    snprintf(url, sizeof url, "%s://%s/", tls ? "https" : "http", text);
    return sk_strdup(url);
}

static int adopt(const place *p, sk_listener *l, int fd, skua_error *err) {
    int rc = sk_socket_adopt(fd);
    if (rc == -EINVAL || rc == -ENOTSOCK)
        return sk_fail(err, SKUA_E_OS, SKUA_PHASE_NONE,
                       "listen on %s: descriptor %d is no socket that listens", p->where, fd);
    if (rc != 0)
        return fail_os(err, p, -rc);
    l->fds[l->fd_count++] = fd;
    return 0;
}

static int adopt_all(place *p, sk_listener *l, skua_error *err) {
    const char *name = p->where + strlen("systemd:");
    int rc = 0;
    int count = sk_service_sockets();
    if (!make_room(l, (uint32_t)count + 1))
        return sk_fail_nomem(err);
    for (int i = 0; rc == 0 && i < count; i++) {
        if (!*name || sk_service_socket_is(i, name))
            rc = adopt(p, l, SK_SERVICE_FIRST_FD + i, err);
    }
    if (rc == 0 && l->fd_count == 0)
        rc = sk_fail(err, SKUA_E_OS, SKUA_PHASE_NONE,
                     "listen on %s: no such socket was handed to this process", p->where);
    return rc;
}

static int adopt_one(place *p, sk_listener *l, skua_error *err) {
    int64_t fd;
    if (!sk_str_to_int64(sk_str(p->where + strlen("fd:")), &fd) || fd > INT_MAX)
        return refuse(err, p, "\"fd:\" and the number of a descriptor");
    return make_room(l, 1) ? adopt(p, l, (int)fd, err) : sk_fail_nomem(err);
}

typedef int adopt_fn(place *p, sk_listener *l, skua_error *err);

static int listen_adopted(place *p, sk_listener *l, adopt_fn *fn, skua_error *err) {
    int rc = load_tls(p, l, err);
    if (rc == 0)
        rc = fn(p, l, err);
    l->shared = l->inherited = true;
    if (rc == 0 && !(l->url = url_of(l->fds[0], l->tls != NULL)))
        rc = sk_fail_nomem(err);
    return rc;
}

/* ---- any ---- */

static bool is(const char *where, const char *scheme) {
    return strncmp(where, scheme, strlen(scheme)) == 0;
}

static int listen_on(place *p, sk_listener *l, skua_error *err) {
    const char *proxies = p->opts->proxy_protocol_from;
    if (proxies && !(l->proxies = sk_address_list_new(proxies, err)))
        return err->code;
    if (is(p->where, "unix:"))
        return listen_unix(p, l, err);
    if (is(p->where, "fd:"))
        return listen_adopted(p, l, adopt_one, err);
    if (is(p->where, "systemd:"))
        return listen_adopted(p, l, adopt_all, err);
    return listen_tcp(p, l, err);
}

sk_listener *sk_listener_new(const char *where, const skua_listen_opts *opts, uint32_t workers,
                             skua_error *err) {
    static const skua_listen_opts none = {0};
    skua_error unused;
    place p = {.where = where, .workers = workers, .opts = opts ? opts : &none};
    if (!err)
        err = &unused;
    sk_listener *l = sk_zalloc(sizeof *l);
    if (!l) {
        sk_fail_nomem(err);
        return NULL;
    }
    if (listen_on(&p, l, err) == 0)
        return l;
    sk_listener_free(l);
    return NULL;
}

void sk_listener_free(sk_listener *l) {
    if (!l)
        return;
    sk_listener_close(l);
    sk_tls_keeper_free(l->tls);
    sk_address_list_free(l->proxies);
    sk_free(l->fds);
    sk_free(l->url);
    sk_free(l);
}
