/* get_pool.c - one kept connection for each of the origins that were asked last. */
#include "get.h"

#include "exit_status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- making one ---- */

/* What fails when a connection object is made are the files that were named for TLS, and what was
 * said of ciphers and pins. */
static int status_of_file(const get_options *o, const skua_error *err) {
    const struct {
        const char *path;
        int status;
    } files[] = {{o->cacert, CLI_EXIT_CA_FILE},
                 {o->capath, CLI_EXIT_CA_FILE},
                 {o->proxy_cacert, CLI_EXIT_CA_FILE},
                 {o->crl_file, CLI_EXIT_CRL_FILE}};
    skua_error_class class = skua_error_class_of(err->code);
    if (err->code == SKUA_E_INVALID_ARGUMENT && err->phase == SKUA_PHASE_TLS)
        return o->ciphers || o->ciphersuites ? CLI_EXIT_CIPHER : CLI_EXIT_PIN;
    if (class != SKUA_CLASS_TLS && class != SKUA_CLASS_IO)
        return cli_exit_status(err);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        if (files[i].path && strcmp(files[i].path, err->target) == 0)
            return files[i].status;
    }
    return CLI_EXIT_OWN_CERT;
}

/* "https://host:port". NULL without memory. */
static char *place_of(const skua_url *url) {
    const char *scheme = skua_url_scheme(url), *authority = skua_url_authority(url);
    size_t size = strlen(scheme) + strlen(authority) + sizeof "://";
    char *where = malloc(size);
    if (where)
        snprintf(where, size, "%s://%s", scheme, authority);
    return where;
}

static skua_conn *make(get_session *s, const char *where, int *status, skua_error *err) {
    skua_conn *c = skua_conn_new(where, &s->peer.conn, err);
    if (!c)
        *status = status_of_file(s->options, err);
    return c;
}

/* ---- keeping them ---- */

/* The place of the one that was used longest ago. */
static size_t oldest(const get_pool *pool) {
    size_t found = 0;
    for (size_t i = 1; i < GET_CONNECTIONS; i++) {
        if (pool->kept[i].used < pool->kept[found].used)
            found = i;
    }
    return found;
}

static size_t find(const get_pool *pool, const char *where) {
    for (size_t i = 0; i < GET_CONNECTIONS; i++) {
        if (pool->kept[i].where && strcmp(pool->kept[i].where, where) == 0)
            return i;
    }
    return GET_CONNECTIONS;
}

static void drop(get_pool *pool, size_t i) {
    skua_conn_free(pool->kept[i].conn);
    free(pool->kept[i].where);
    pool->kept[i].conn = NULL;
    pool->kept[i].where = NULL;
}

skua_conn *get_pool_take(get_session *s, const skua_url *url, int *status, skua_error *err) {
    get_pool *pool = &s->pool;
    char *where = place_of(url);
    if (!where) {
        *status = get_no_memory(err);
        return NULL;
    }
    size_t i = find(pool, where);
    if (i == GET_CONNECTIONS) {
        skua_conn *c = make(s, where, status, err);
        if (!c) {
            free(where);
            return NULL;
        }
        i = oldest(pool);
        drop(pool, i);
        pool->kept[i].conn = c;
        pool->kept[i].where = where;
    } else {
        free(where);
    }
    pool->kept[i].used = ++pool->asked;
    return pool->kept[i].conn;
}

void get_pool_free(get_pool *pool) {
    for (size_t i = 0; i < GET_CONNECTIONS; i++)
        drop(pool, i);
}
