/* serve.c - `skua serve`: a directory, served until a signal.
 *
 *     read files that are asked for -> bind -> become --user -> --open, --qr -> sandbox
 *     -> handlers of signals -> say where -> serve */
#include "exit_status.h"
#include "report.h"
#include "serve_auth.h"
#include "serve_fields.h"
#include "serve_grants.h"
#include "serve_lan.h"
#include "serve_open.h"
#include "serve_options.h"
#include "serve_privileges.h"
#include "serve_signals.h"
#include "serve_tls.h"
#include "serve_upload.h"
#include "subcommands.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static const char more[] =
    "DIR and PORT may be given as arguments: skua serve DIR 8080, skua serve 8080.\n"
    "A number is a port unless a directory has that name.\n\n"
    "It listens on 127.0.0.1, which only this machine can reach, unless --bind says\n"
    "more. Files whose names begin with a dot are not served. The access log goes to\n"
    "standard output. SIGTERM ends it when all is answered, SIGINT sooner; SIGHUP\n"
    "reads certificates and passwords, and opens the log, again.\n\n"
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
    serve_tls tls;
    char cache_control[40];
    skua_server *server;
    skua_error err; /* its message is said at the end; none where that was done already */
} serving;

/* ---- what is read before ---- */

static int prepare(serving *v) {
    const serve_options *o = v->o;
    if (serve_identity_find(&v->identity, o->user) != 0 || serve_tls_init(&v->tls, o, &v->err) != 0)
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
    int is_tls = serve_is_tls(o);
    snprintf(where, sizeof where, "%s://%s%.400s%s:%d", is_tls ? "https" : "http", is_v6 ? "[" : "",
             o->bind, is_v6 ? "]" : "", o->port);
    return skua_server_listen(v->server, where, is_tls ? &v->tls.opts : NULL);
}

/* The log is opened as who will open it again. */
static int make_server(serving *v) {
    const serve_options *o = v->o;
    skua_access_format format = SKUA_ACCESS_COMMON;
    int writes = !o->quiet && (!o->log || serve_log_format(o->log, &format) > 0);
    const char *path = o->log_file ? o->log_file : "-";
    if (serve_identity_act(&v->identity) != 0)
        return -1;
    v->server = skua_server_new(SKUA_OPTS(skua_server_opts, .workers = o->threads, .compress = 1,
                                          .access_log_file = writes ? path : NULL,
                                          .access_format = format, .error_log_file = "-"),
                                &v->err);
    return serve_identity_return(&v->identity) == 0 && v->server ? 0 : -1;
}

/* Returns 0 once the port is bound. */
static int set_up(serving *v) {
    const serve_options *o = v->o;
    if (make_server(v) != 0)
        return -1;
    serve_fields_add(&v->fields, v->server);
    if (v->auth)
        skua_server_before(v->server, "/", serve_auth_guard, v->auth);
    skua_route_dir(v->server, "/", o->directory,
                   SKUA_OPTS(skua_dir_opts, .list = !o->no_list, .cache_control = cache_control(v),
                             .precompressed = o->precompressed, .upload_form = o->upload != NULL,
                             .fallback = o->spa ? "index.html" : NULL));
    serve_upload_add(&v->upload, v->server);
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
        explain_trust(v->tls.made.ca_file, url);
    cli_say("serving %s at %s", o->directory, url);
    if (strcmp(o->bind, "127.0.0.1") == 0)
        cli_say("only this machine can reach it; --bind '*' lets others in");
    if (v->auth && !serve_is_tls(o) && !serve_is_loopback(o))
        cli_say("warning: passwords cross the network in the clear; --tls hides them");
    if (o->upload && !v->auth && !serve_is_loopback(o))
        cli_say("warning: whoever reaches it can upload; --auth says who may");
}

/* ---- what SIGHUP does ---- */

static void reload(void *user) {
    const serving *v = user;
    skua_error err;
    if (serve_is_tls(v->o) && skua_server_reload(v->server, &err) == 0)
        cli_say("certificates were read again");
    else if (serve_is_tls(v->o))
        cli_say("certificates stay as they were: %s", err.msg);
    if (v->o->auth_file)
        serve_auth_reload(v->auth);
    skua_server_reopen_logs(v->server);
    if (v->o->log_file)
        cli_say("the log is opened again");
}

/* ---- what went wrong ---- */

/* The flag that has named the file which a message of the library is about; NULL: there is none.
 * The first that it names counts: a key may not be that of a certificate. */
static const char *find_flag(const serve_options *o, const char *msg) {
    const struct {
        const char *word, *flag;
        int is_given;
    } known[] = {
        {"cert_file ", "--tls-cert", !o->tls},
        {"key_file ", o->tls_keys.count > 0 ? "--tls-key" : "--tls-cert", !o->tls},
        {"ca_file ", "--tls-client-ca", o->tls_client_ca != NULL},
        {"ticket_key_file ", "--tls-ticket-key", o->tls_ticket_key != NULL},
        {"access log ", "--log-file", o->log_file != NULL},
    };
    const char *flag = NULL, *first = NULL;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        const char *at = known[i].is_given ? strstr(msg, known[i].word) : NULL;
        if (at && (!first || at < first)) {
            first = at;
            flag = known[i].flag;
        }
    }
    return flag;
}

static void say_failure(const serve_options *o, const char *msg) {
    const char *flag = find_flag(o, msg);
    if (flag)
        cli_say("serve: %s: %s", flag, msg);
    else
        cli_say("%s", msg);
}

/* ---- all of it ---- */

/* The library opens a directory without asking for more than its path. */
static int check_directory(const char *path) {
    if (faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) == 0)
        return 0;
    cli_say("serve: %s: %s", path, strerror(errno));
    return -1;
}

static int serve_until_stopped(serving *v) {
    if (prepare(v) != 0)
        return -1;
    raise_descriptor_limit();
    if (set_up(v) != 0 || serve_identity_take(&v->identity) != 0 ||
        check_directory(v->o->directory) != 0)
        return -1;
    if (v->o->open)
        serve_open(skua_server_url(v->server, 0));
    if (v->o->qr)
        serve_lan_show(skua_server_url(v->server, 0));
    serve_sandbox made = {0};
    if (!v->o->no_sandbox && serve_grants_enter(v->o, &v->tls, &made) != 0)
        return -1;
    serve_upload_begin(&v->upload);
    if (serve_signals_begin(v->server, reload, v) != 0)
        return -1;
    announce(v);
    if (!v->o->no_sandbox)
        announce_sandbox(made);
    int rc = skua_server_run(v->server, &v->err);
    serve_signals_end();
    return rc;
}

static int serve(const serve_options *o) {
    serving v = {.o = o, .upload = {.dir = -1}};
    int rc = serve_until_stopped(&v);
    if (rc && v.err.msg[0])
        say_failure(o, v.err.msg);
    skua_server_free(v.server);
    serve_upload_free(&v.upload);
    serve_fields_free(&v.fields);
    serve_auth_free(v.auth);
    serve_tls_free(&v.tls);
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
