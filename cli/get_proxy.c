/* get_proxy.c - the options about proxies. -x and --noproxy speak through the variables that the
 * library reads: one place decides which host is asked through which proxy. */
#include "get.h"

#include "exit_status.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Where curl's proxies listen when no port is named. */
#define DEFAULT_PORT ":1080"

/* ---- where ---- */

/* A proxy as the library has it: with a scheme, and curl's port where none is named. */
static char *complete(get_peer *p, const char *proxy) {
    const char *authority = strstr(proxy, "://");
    authority = authority ? authority + 3 : proxy;
    size_t len = strcspn(authority, "/");
    const char *host = authority;
    for (size_t i = 0; i < len; i++)
        host = authority[i] == '@' ? authority + i + 1 : host;
    const char *v6_end = *host == '[' ? strchr(host, ']') : NULL;
    size_t host_len = len - (size_t)(host - authority);
    int has_port = memchr(v6_end ? v6_end : host, ':',
                          v6_end ? host_len - (size_t)(v6_end - host) : host_len) != NULL;
    int is_https = strncasecmp(proxy, "https://", 8) == 0;
    return cli_texts_format(&p->texts, "%s%.*s%s", authority == proxy ? "http://" : "",
                            (int)(authority + len - proxy), proxy,
                            has_port || is_https ? "" : DEFAULT_PORT);
}

static int say(const char *name, const char *value) {
    return value ? setenv(name, value, 1) : unsetenv(name);
}

/* -x takes the place of every variable that names a proxy. */
static int name_proxy(get_peer *p, const char *proxy) {
    static const char *const others[] = {"http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY",
                                         "ALL_PROXY"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (say(others[i], NULL) != 0)
            return -1;
    }
    char *whole = complete(p, proxy);
    return whole ? say("all_proxy", whole) : -1;
}

static int name_exceptions(const char *list) {
    return say("NO_PROXY", NULL) != 0 ? -1 : say("no_proxy", list);
}

/* Is it one that is spoken to: with one of these schemes, or without any? */
static int check_scheme(const char *proxy, skua_error *err) {
    const char *scheme_end = strstr(proxy, "://");
    size_t len = scheme_end ? (size_t)(scheme_end - proxy) : 0;
    if (!scheme_end || (len == 4 && strncasecmp(proxy, "http", len) == 0) ||
        (len == 5 && strncasecmp(proxy, "https", len) == 0))
        return 0;
    return get_fail(err, CLI_EXIT_CONNECT, SKUA_E_UNSUPPORTED,
                    "get: -x: proxies of the kind %.*s are not supported: http and https are",
                    (int)(len > 32 ? 32 : len), proxy);
}

/* ---- what is said to it ---- */

static int build_fields(get_peer *p, const get_options *o, skua_error *err) {
    size_t count = 0;
    p->proxy_fields = calloc(o->proxy_fields.count + 2, sizeof *p->proxy_fields);
    if (!p->proxy_fields)
        return get_no_memory(err);
    if (o->proxy_user) {
        char *value = NULL;
        int status = get_auth_basic(&value, &p->texts, o->proxy_user, "proxy", err);
        if (status)
            return status;
        p->proxy_fields[count++] = (skua_field){"Proxy-Authorization", value, SKUA_FIELD_SECRET};
    }
    for (size_t i = 0; i < o->proxy_fields.count; i++) {
        const char *text = o->proxy_fields.items[i];
        char *line = cli_texts_format(&p->texts, "%s", text);
        skua_field field = {line, NULL, 0};
        if (!line)
            return get_no_memory(err);
        if (get_field_split(line, &field.value) != 0 || !field.value) {
            return get_fail(err, CLI_EXIT_USAGE, SKUA_E_INVALID_ARGUMENT,
                            "get: --proxy-header '%s' is no 'Name: value' (see skua get --help)",
                            text);
        }
        p->proxy_fields[count++] = field;
    }
    return 0;
}

/* ---- both ---- */

int get_proxy_build(get_peer *p, const get_options *o, skua_error *err) {
    int status = o->proxy ? check_scheme(o->proxy, err) : 0;
    if (status)
        return status;
    if ((o->proxy && *o->proxy && name_proxy(p, o->proxy) != 0) ||
        (o->no_proxy && name_exceptions(o->no_proxy) != 0))
        return get_no_memory(err);
    p->proxy_tls = (skua_tls_opts){
        .size = sizeof p->proxy_tls,
        .ca_file = o->proxy_cacert,
        .insecure_skip_verify = o->proxy_insecure,
    };
    /* A socket that was named is where it is asked. */
    p->conn.proxy = o->unix_socket || (o->proxy && !*o->proxy) ? "" : NULL;
    p->conn.proxy_from_env = 1;
    p->conn.proxy_tunnel = o->proxy_tunnel;
    p->conn.proxy_tls = &p->proxy_tls;
    status = build_fields(p, o, err);
    p->conn.proxy_fields = p->proxy_fields;
    return status;
}
