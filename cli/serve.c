/* serve.c - `skua serve`: a directory, served until a signal. The flags of Python's http.server
 * mean here what they mean there. */
#include "serve.h"

#include "exit_status.h"
#include "report.h"
#include "subcommands.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEFAULT_PORT = 8000, PORT_MAX = 65535, THREADS_MAX = 1024, PASSWORD_BYTES = 1024 };

#define LOOPBACK "127.0.0.1"

typedef struct serve_options {
    const char *directory;
    const char *bind;
    const char *tls_cert;
    const char *tls_key;
    const char *tls_password_file;
    int port; /* -1: none given */
    int threads;
    int tls;
    int quiet;
} serve_options;

#define AT(member) offsetof(serve_options, member)

static const cli_option options[] = {
    {'p', "port", "N", CLI_NUMBER, AT(port), PORT_MAX, "listen on this port (8000); 0: a free one",
     0},
    {'b', "bind", "ADDRESS", CLI_TEXT, AT(bind), 0,
     "listen on this address (" LOOPBACK ": this machine\nonly); '*': all of them", 0},
    {'d', "directory", "DIR", CLI_TEXT, AT(directory), 0, "serve DIR (.)", 0},
    {0, "tls", NULL, CLI_FLAG, AT(tls), 0,
     "serve HTTPS with a certificate of a local authority,\nwhich is made once and kept", 0},
    {0, "tls-cert", "FILE", CLI_TEXT, AT(tls_cert), 0,
     "serve HTTPS with this certificate, its chain behind\nit (PEM)", 0},
    {0, "tls-key", "FILE", CLI_TEXT, AT(tls_key), 0,
     "its private key, where that is not in the same file", 0},
    {0, "tls-password-file", "FILE", CLI_TEXT, AT(tls_password_file), 0,
     "the key's password is FILE's first line", 0},
    {0, "threads", "N", CLI_NUMBER, AT(threads), THREADS_MAX, "worker threads (one per processor)",
     0},
    {'q', "quiet", NULL, CLI_FLAG, AT(quiet), 0, "no access log", 0},
};

static const cli_section section = {NULL, options, sizeof options / sizeof *options};

static const char more[] =
    "DIR and PORT may be given as arguments: skua serve DIR 8080, skua serve 8080.\n"
    "A number is a port unless a directory has that name.\n\n"
    "It listens on " LOOPBACK ", which only this machine can reach, unless --bind\n"
    "says more. Files whose names begin with a dot are not served. The access log goes\n"
    "to standard error. SIGINT and SIGTERM end it.\n\n"
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
    .sections = &section,
    .section_count = 1,
    .run = run,
};

/* ---- the command line ---- */

static int is_directory(const char *path) {
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static int is_number(const char *text) {
    return *text && text[strspn(text, "0123456789")] == '\0';
}

static int take_operand(serve_options *o, const char *text) {
    if (is_number(text) && !is_directory(text)) {
        long port = strlen(text) > 5 ? PORT_MAX + 1L : strtol(text, NULL, 10);
        if (o->port >= 0 || port > PORT_MAX) {
            cli_usage(&cli_serve, o->port >= 0 ? "%s is a second port" : "%s is no port", text);
            return -1;
        }
        o->port = (int)port;
        return 0;
    }
    if (o->directory) {
        cli_usage(&cli_serve, "%s is a second directory", text);
        return -1;
    }
    o->directory = text;
    return 0;
}

static int check(serve_options *o, const cli_list *operands) {
    for (size_t i = 0; i < operands->count; i++) {
        if (take_operand(o, operands->items[i]) != 0)
            return -1;
    }
    if (o->tls && o->tls_cert) {
        cli_usage(&cli_serve, "--tls makes a certificate, --tls-cert brings one");
        return -1;
    }
    if ((o->tls_key || o->tls_password_file) && !o->tls_cert) {
        cli_usage(&cli_serve, "%s needs --tls-cert",
                  o->tls_key ? "--tls-key" : "--tls-password-file");
        return -1;
    }
    o->directory = o->directory ? o->directory : ".";
    o->bind = o->bind && *o->bind ? o->bind : LOOPBACK;
    o->port = o->port >= 0 ? o->port : DEFAULT_PORT;
    return 0;
}

/* ---- TLS ---- */

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

/* What the person has to know to trust the authority, once there is a URL. */
static void explain_trust(const char *ca_file, const char *url) {
    cli_say("authority: %s", ca_file);
    cli_say("to trust it in one call: skua get --cacert '%s' %s", ca_file, url);
    cli_say("on this machine: sudo cp '%s' /usr/local/share/ca-certificates/skua.crt && "
            "sudo update-ca-certificates",
            ca_file);
}

/* ---- the server ---- */

/* The server that a signal stops: a handler is given nothing else to find it by. */
static skua_server *volatile running;

static void stop(int signal_number) {
    (void)signal_number;
    skua_server_stop(running);
}

/* The second signal of a kind does what it does to any program. */
static void stop_on_signals(skua_server *s) {
    running = s;
    struct sigaction action = {.sa_handler = stop, .sa_flags = (int)SA_RESETHAND};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

/* A thousand descriptors is what a shell gives; connections are descriptors. */
static void raise_descriptor_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static void log_trouble(void *user, const char *line) {
    (void)user;
    cli_say("%s", line);
}

static int listen_on(skua_server *s, const serve_options *o, const skua_tls_opts *tls) {
    char where[512];
    int is_v6 = strchr(o->bind, ':') != NULL && o->bind[0] != '[';
    snprintf(where, sizeof where, "%s://%s%.400s%s:%d", tls ? "https" : "http", is_v6 ? "[" : "",
             o->bind, is_v6 ? "]" : "", o->port);
    return skua_server_listen(s, where, tls);
}

static void announce(const skua_server *s, const serve_options *o, const char *ca_file) {
    const char *url = skua_server_url(s, 0);
    if (ca_file)
        explain_trust(ca_file, url);
    cli_say("serving %s at %s", o->directory, url);
    if (strcmp(o->bind, LOOPBACK) == 0)
        cli_say("only this machine can reach it; --bind '*' lets others in");
}

/* Serve until a signal. tls: NULL for plain HTTP; ca_file: NULL where it is not ours. */
static int serve_until_stopped(const serve_options *o, const skua_tls_opts *tls,
                               const char *ca_file, skua_error *err) {
    skua_server *s =
        skua_server_new(SKUA_OPTS(skua_server_opts, .workers = o->threads,
                                  .access = o->quiet ? NULL : serve_log_access, .log = log_trouble),
                        err);
    if (!s)
        return err->code;
    skua_route_dir(s, "/", o->directory, SKUA_OPTS(skua_dir_opts, .list = 1));
    listen_on(s, o, tls);
    int rc = skua_server_check(s, err);
    if (rc == 0) {
        stop_on_signals(s);
        announce(s, o, ca_file);
        rc = skua_server_run(s, err);
    }
    running = NULL;
    skua_server_free(s);
    return rc;
}

static int serve(const serve_options *o) {
    char password[PASSWORD_BYTES] = "";
    skua_local_ca_files made;
    skua_error err;
    if (o->tls_password_file && read_password(o->tls_password_file, password) != 0)
        return CLI_EXIT_SERVE;
    int rc = o->tls ? serve_authority(o->bind, &made, &err) : 0;
    if (rc == 0) {
        raise_descriptor_limit();
        skua_tls_opts tls = {
            .size = sizeof tls,
            .cert_file = o->tls ? made.cert_file : o->tls_cert,
            .key_file = o->tls ? made.key_file : o->tls_key,
            .key_password = o->tls_password_file ? password : NULL,
        };
        rc =
            serve_until_stopped(o, tls.cert_file ? &tls : NULL, o->tls ? made.ca_file : NULL, &err);
    }
    if (rc) {
        cli_say("%s", err.msg);
        return CLI_EXIT_SERVE;
    }
    return CLI_EXIT_OK;
}

static int run(char **argv) {
    serve_options o = {.port = -1};
    cli_list operands = {0};
    int status = CLI_EXIT_USAGE;
    cli_parsed parsed = cli_parse(&cli_serve, argv, &o, &operands);
    if (parsed == CLI_HELPED)
        status = CLI_EXIT_OK;
    else if (parsed == CLI_GO && check(&o, &operands) == 0)
        status = serve(&o);
    cli_parse_free(&cli_serve, &o, &operands);
    return status;
}
