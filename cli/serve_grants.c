/* serve_grants.c - which files stay within reach of `skua serve`: what is served, where uploads go,
 * and what SIGHUP has read or opened again. */
#include "serve_grants.h"

#include "report.h"
#include "texts.h"

#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

typedef struct grants {
    serve_grant *list;
    size_t count;
    cli_texts texts;
    int failed; /* memory */
} grants;

static void grant(grants *g, const char *path, serve_access access) {
    serve_grant *list = path ? realloc(g->list, (g->count + 1) * sizeof *list) : NULL;
    g->failed |= path && !list;
    if (!list)
        return;
    g->list = list;
    list[g->count++] = (serve_grant){path, access};
}

/* The directory of a file: another may take its name, and is to be read then. */
static void grant_directory_of(grants *g, const char *path, serve_access access) {
    char *copy = path ? cli_texts_format(&g->texts, "%s", path) : NULL;
    g->failed |= path && !copy;
    if (copy)
        grant(g, dirname(copy), access);
}

/* A file that is read again may be a link into another directory. */
static void grant_file(grants *g, const char *path) {
    char target[PATH_MAX];
    grant_directory_of(g, path, SERVE_READS);
    if (path && realpath(path, target))
        grant_directory_of(g, target, SERVE_READS);
}

static void grant_tls(grants *g, const serve_options *o, const serve_tls *tls) {
    if (o->tls) { /* beside these lies the key of the authority */
        grant(g, tls->made.cert_file, SERVE_READS);
        grant(g, tls->made.key_file, SERVE_READS);
    }
    for (size_t i = 0; i < o->tls_certs.count; i++)
        grant_file(g, o->tls_certs.items[i]);
    for (size_t i = 0; i < o->tls_keys.count; i++)
        grant_file(g, o->tls_keys.items[i]);
    grant_file(g, o->tls_client_ca);
    grant_file(g, o->tls_ticket_key);
}

int serve_grants_enter(const serve_options *o, const serve_tls *tls, serve_sandbox *made) {
    grants g = {.count = 0};
    grant(&g, o->directory, SERVE_READS);
    grant(&g, o->upload, SERVE_WRITES);
    grant_tls(&g, o, tls);
    grant_file(&g, o->auth_file);
    if (o->log_file && strcmp(o->log_file, "-") != 0)
        grant_directory_of(&g, o->log_file, SERVE_WRITES);
    if (g.failed)
        cli_say("serve: out of memory");
    else
        *made = serve_sandbox_enter(g.list, g.count);
    cli_texts_free(&g.texts);
    free(g.list);
    return g.failed ? -1 : 0;
}
