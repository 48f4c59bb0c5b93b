/* serve.c - `skua serve`: a directory, served until a signal.
 *
 *     read files that are asked for -> bind -> become --user -> --open, --qr -> sandbox
 *     -> handlers of signals -> say where -> serve */
#include "serve.h"

#include "exit_status.h"
#include "report.h"
#include "serve_auth.h"
#include "serve_fields.h"
#include "serve_lan.h"
#include "serve_log.h"
#include "serve_open.h"
#include "serve_options.h"
#include "serve_privileges.h"
#include "serve_sandbox.h"
#include "serve_signals.h"
#include "serve_upload.h"
#include "subcommands.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { PASSWORD_BYTES = 1024, GRANTS_MAX = 8 };

static const char more[] =
    "DIR and PORT may be given as arguments: skua serve DIR 8080, skua serve 8080.\n"
    "A number is a port unless a directory has that name.\n\n"
    "It listens on 127.0.0.1, which only this machine can reach, unless --bind says\n"
    "more. Files whose names begin with a dot are not served. The access log goes to\n"
    "standard error. SIGTERM ends it when all is answered, SIGINT sooner; SIGHUP\n"
    "reads certificates and opens the log again.\n\n"
    "Exit status:\n"
    "   0  ended by a signal\n"
    "   1  cannot serve: port in use, no such directory, certificate does not load\n"
    "   2  wrong command line\n";

static int run(char **argv);

const cli_command cli_serve = {
    .name = "serve",
    .operands = "[DIR] [PORT]",
    .summary = "Serve a directory over HTTP or HTTPS.",
    .more = more,
    .sections = &serve_section,
    .section_count = 1,
    .run = run,
};

/* All that lives as long as the server. */
typedef struct serving {
    const serve_options *o;
    serve_identity identity;
    serve_auth *auth; /* NULL: anybody is let in */
    serve_fields fields;
    serve_upload upload;
    serve_log log;
    skua_local_ca_files made; /* with --tls */
    char password[PASSWORD_BYTES];
    char cache_control[40];
    skua_tls_opts tls;
    skua_server *server;
    skua_error err; /* its message is said at the end; none where that was done already */
} serving;

/* ---- what is read before ---- */

/* Returns 0, or -1 when it was said what is wrong. */
static int read_password(const char *path, char password[static PASSWORD_BYTES]) {
    FILE *f = fopen(path, "re");
    if (!f || !fgets(password, PASSWORD_BYTES, f)) {
        const char *why = !f || ferror(f) ? strerror(errno) : "empty";
        cli_say("serve: --tls-password-file: %s: %s", path, why);
        if (f)
            fclose(f);
        return -1;
    }
    fclose(f);
    password[strcspn(password, "\r\n")] = '\0';
    return 0;
}

static int prepare_tls(serving *v) {
    const serve_options *o = v->o;
    if (o->tls_password_file && read_password(o->tls_password_file, v->password) != 0)
        return -1;
    if (o->tls && serve_authority(o->bind, &v->made, &v->err) != 0)
        return -1;
    v->tls = (skua_tls_opts){
        .size = sizeof v->tls,
        .cert_file = o->tls ? v->made.cert_file : o->tls_cert,
        .key_file = o->tls ? v->made.key_file : o->tls_key,
        .key_password = o->tls_password_file ? v->password : NULL,
    };
    return 0;
}

static int prepare(serving *v) {
    const serve_options *o = v->o;
    if (serve_identity_find(&v->identity, o->user) != 0 || prepare_tls(v) != 0)
        return -1;
    if (o->users.count > 0 || o->auth_file) {
        v->auth = serve_auth_new(&o->users, o->auth_file);
        if (!v->auth)
            return -1;
    }
    if (serve_fields_init(&v->fields, o) != 0) {
        cli_say("serve: out of memory");
        return -1;
    }
    return serve_upload_init(&v->upload, o);
}

/* A thousand descriptors is what a shell gives; connections are descriptors. */
static void raise_descriptor_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/* ---- the server ---- */

static void log_trouble(void *user, const char *line) {
    (void)user;
    cli_say("%s", line);
}

/* What is for some alone is not for a cache that others share (RFC 9111 5.2.2.7). */
static const char *cache_control(serving *v) {
    if (v->o->cache_s < 0)
        return NULL;
    const char *whose = v->auth ? "private, " : "";
    if (v->o->cache_s == 0)
        snprintf(v->cache_control, sizeof v->cache_control, "%sno-cache", whose);
    else
        snprintf(v->cache_control, sizeof v->cache_control, "%smax-age=%d", whose, v->o->cache_s);
    return v->cache_control;
}

static int listen_on(const serving *v) {
    const serve_options *o = v->o;
    char where[512];
    int is_v6 = strchr(o->bind, ':') != NULL && o->bind[0] != '[';
    int is_tls = v->tls.cert_file != NULL;
    snprintf(where, sizeof where, "%s://%s%.400s%s:%d", is_tls ? "https" : "http", is_v6 ? "[" : "",
             o->bind, is_v6 ? "]" : "", o->port);
    return skua_server_listen(v->server, where, is_tls ? &v->tls : NULL);
}

/* Returns 0 once the port is bound. */
static int set_up(serving *v) {
    const serve_options *o = v->o;
    v->server = skua_server_new(SKUA_OPTS(skua_server_opts, .workers = o->threads,
                                          .access = o->quiet ? NULL : serve_log_access,
                                          .log = log_trouble, .user = &v->log, .compress = 1),
                                &v->err);
    if (!v->server)
        return -1;
    serve_fields_add(&v->fields, v->server);
    if (v->auth)
        skua_server_before(v->server, "/", serve_auth_guard, v->auth);
    skua_route_dir(v->server, "/", o->directory,
                   SKUA_OPTS(skua_dir_opts, .list = !o->no_list, .cache_control = cache_control(v),
                             .precompressed = o->precompressed,
                             .fallback = o->spa ? "index.html" : NULL));
    serve_upload_add(&v->upload, v->server, o);
    listen_on(v);
    return skua_server_check(v->server, &v->err);
}

/* ---- what the person has to know ---- */

/* To trust the authority, once there is a URL. */
static void explain_trust(const char *ca_file, const char *url) {
    cli_say("authority: %s", ca_file);
    cli_say("to trust it in one call: skua get --cacert '%s' %s", ca_file, url);
    cli_say("on this machine: sudo cp '%s' /usr/local/share/ca-certificates/skua.crt && "
            "sudo update-ca-certificates",
            ca_file);
}

static void announce_sandbox(serve_sandbox made) {
    if (made.landlock || made.seccomp)
        cli_say("sandbox: files %s, system calls %s; --no-sandbox does without",
                made.landlock ? "by Landlock" : "not (no Landlock here)",
                made.seccomp ? "by seccomp" : "not (no seccomp here)");
    else
        cli_say("no sandbox: this kernel has neither Landlock nor seccomp");
}

static void announce(const serving *v) {
    const serve_options *o = v->o;
    const char *url = skua_server_url(v->server, 0);
    if (o->tls)
        explain_trust(v->made.ca_file, url);
    cli_say("serving %s at %s", o->directory, url);
    if (strcmp(o->bind, "127.0.0.1") == 0)
        cli_say("only this machine can reach it; --bind '*' lets others in");
    if (v->auth && !v->tls.cert_file && !serve_is_loopback(o))
        cli_say("warning: passwords cross the network in the clear; --tls hides them");
    if (o->upload && !v->auth && !serve_is_loopback(o))
        cli_say("warning: whoever reaches it can upload; --auth says who may");
}

/* ---- shutting it in ---- */

typedef struct grants {
    serve_grant list[GRANTS_MAX];
    size_t count;
    cli_texts texts;
} grants;

static void grant(grants *g, const char *path, serve_access access) {
    if (path && g->count < GRANTS_MAX)
        g->list[g->count++] = (serve_grant){path, access};
}

/* The directory of a file: another may take its name, and is to be read then. */
static void grant_directory_of(grants *g, const char *path, serve_access access) {
    char *copy = path ? cli_texts_format(&g->texts, "%s", path) : NULL;
    if (copy)
        grant(g, dirname(copy), access);
}

/* A certificate may be a link into another directory. */
static void grant_certificate(grants *g, const char *path) {
    char target[PATH_MAX];
    grant_directory_of(g, path, SERVE_READS);
    if (path && realpath(path, target))
        grant_directory_of(g, target, SERVE_READS);
}

static serve_sandbox shut_in(const serving *v) {
    grants g = {.count = 0};
    tzset(); /* the log's times need a file of the system */
    grant(&g, v->o->directory, SERVE_READS);
    grant(&g, v->o->upload, SERVE_WRITES);
    if (v->o->tls) { /* beside these lies the key of the authority */
        grant(&g, v->tls.cert_file, SERVE_READS);
        grant(&g, v->tls.key_file, SERVE_READS);
    } else {
        grant_certificate(&g, v->tls.cert_file);
        grant_certificate(&g, v->tls.key_file);
    }
    grant_directory_of(&g, v->o->log_file, SERVE_WRITES);
    serve_sandbox made = serve_sandbox_enter(g.list, g.count);
    cli_texts_free(&g.texts);
    return made;
}

/* ---- all of it ---- */

static int serve_until_stopped(serving *v) {
    if (prepare(v) != 0)
        return -1;
    raise_descriptor_limit();
    if (set_up(v) != 0 || serve_identity_take(&v->identity) != 0)
        return -1;
    /* As it will be able to open it again. */
    if (serve_log_open(&v->log) != 0)
        return -1;
    if (v->o->open)
        serve_open(skua_server_url(v->server, 0));
    if (v->o->qr)
        serve_lan_show(skua_server_url(v->server, 0));
    serve_sandbox made = {0};
    if (!v->o->no_sandbox)
        made = shut_in(v);
    if (serve_signals_begin(v->server, &v->log) != 0)
        return -1;
    announce(v);
    if (!v->o->no_sandbox)
        announce_sandbox(made);
    int rc = skua_server_run(v->server, &v->err);
    serve_signals_end();
    return rc;
}

static int serve(const serve_options *o) {
    serving v = {
        .o = o,
        .upload = {.dir = -1},
        .log = {.format = o->log ? serve_log_find(o->log) : SERVE_LOG_COMMON,
                .path = o->log_file,
                .fd = STDERR_FILENO},
    };
    int rc = serve_until_stopped(&v);
    if (rc && v.err.msg[0])
        cli_say("%s", v.err.msg);
    skua_server_free(v.server);
    serve_log_close(&v.log);
    serve_upload_free(&v.upload);
    serve_fields_free(&v.fields);
    serve_auth_free(v.auth);
    explicit_bzero(v.password, sizeof v.password);
    return rc ? CLI_EXIT_SERVE : CLI_EXIT_OK;
}

static int run(char **argv) {
    serve_options o;
    cli_list operands = {0};
    int status = CLI_EXIT_USAGE;
    serve_options_init(&o);
    cli_parsed parsed = cli_parse(&cli_serve, argv, &o, &operands);
    if (parsed == CLI_HELPED)
        status = CLI_EXIT_OK;
    else if (parsed == CLI_GO && serve_options_check(&cli_serve, &o, &operands) == 0)
        status = serve(&o);
    cli_parse_free(&cli_serve, &o, &operands);
    return status;
}
