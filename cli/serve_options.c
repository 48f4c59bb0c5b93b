/* serve_options.c - the command line of `skua serve`. The flags of Python's http.server mean here
 * what they mean there, but for -p, which is the port. */
#include "serve_options.h"

#include "serve_auth.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { DEFAULT_PORT = 8000, PORT_MAX = 65535, THREADS_MAX = 1024, UPLOAD_MAX = 100 << 20 };

#define LOOPBACK   "127.0.0.1"
#define AT(member) offsetof(serve_options, member)

static const cli_option options[] = {
    {'p', "port", "N", CLI_NUMBER, AT(port), PORT_MAX, "listen on this port (8000); 0: a free one",
     0},
    {'b', "bind", "ADDRESS", CLI_TEXT, AT(bind), 0,
     "listen on this address (" LOOPBACK ": this machine\nonly); '*': all of them", 0},
    {'d', "directory", "DIR", CLI_TEXT, AT(directory), 0, "serve DIR (.)", 0},
    {0, "tls", NULL, CLI_FLAG, AT(tls), 0,
     "serve HTTPS with a certificate of a local authority,\nwhich is made once and kept", 0},
    {0, "tls-cert", "FILE", CLI_LIST, AT(tls_certs), 0,
     "serve HTTPS with this certificate, its chain behind\nit (PEM); repeated: chosen by name", 0},
    {0, "tls-key", "FILE", CLI_LIST, AT(tls_keys), 0,
     "its private key, where that is not in the same file", 0},
    {0, "tls-password-file", "FILE", CLI_TEXT, AT(tls_password_file), 0,
     "the key's password is FILE's first line", 0},
    {0, "tls-client-ca", "FILE", CLI_TEXT, AT(tls_client_ca), 0,
     "let in who shows a certificate of these authorities", 0},
    {0, "tls-ticket-key", "FILE", CLI_TEXT, AT(tls_ticket_key), 0,
     "keys of session tickets, 80 bytes each, that several\nmachines may share", 0},
    {0, "auth", "USER:PASSWORD", CLI_LIST, AT(users), 0, "let in who names these; may be repeated",
     0},
    {0, "auth-file", "FILE", CLI_TEXT, AT(auth_file), 0,
     "let in who is in FILE: lines USER:HASH as htpasswd -B\nand mkpasswd make them", 0},
    {0, "header", "'NAME: VALUE'", CLI_LIST, AT(fields), 0,
     "send this field with each reply; may be repeated", 0},
    {0, "cors", "[=ORIGIN]", CLI_TEXT_OR_EMPTY, AT(cors), 0,
     "let pages of ORIGIN (of all) read what is served", 0},
    {0, "cache", "SECONDS", CLI_NUMBER, AT(cache_s), INT_MAX,
     "let files be kept so long; 0: ask each time", 0},
    {0, "spa", NULL, CLI_FLAG, AT(spa), 0,
     "answer paths that are not there with index.html, for\nan application that makes up its own",
     0},
    {0, "precompressed", NULL, CLI_FLAG, AT(precompressed), 0,
     "send x.br, x.zst or x.gz in place of x to who takes it", 0},
    {0, "no-list", NULL, CLI_FLAG, AT(no_list), 0, "do not list directories", 0},
    {0, "upload", "[=DIR]", CLI_TEXT_OR_EMPTY, AT(upload), 0,
     "take files, by PUT and by a form on the listings, into\nDIR (the one that is served)", 0},
    {0, "upload-max", "BYTES", CLI_BYTES, AT(upload_max), 0, "of one file (100M)", 0},
    {0, "upload-overwrite", NULL, CLI_FLAG, AT(upload_overwrite), 0,
     "let them take the place of files that are there", 0},
    {0, "user", "NAME[:GROUP]", CLI_TEXT, AT(user), 0, "become this user once the port is bound",
     0},
    {0, "no-sandbox", NULL, CLI_FLAG, AT(no_sandbox), 0,
     "do not give up other files and system calls", 0},
    {0, "open", NULL, CLI_FLAG, AT(open), 0, "show it in the browser", 0},
    {0, "qr", NULL, CLI_FLAG, AT(qr), 0, "show a code from which a phone reads its URL", 0},
    {0, "protocol", "VERSION", CLI_TEXT, AT(protocol), 0,
     "HTTP/1.1, or HTTP/1.0: a connection for each request", 0},
    {0, "threads", "N", CLI_NUMBER, AT(threads), THREADS_MAX, "worker threads (one per processor)",
     0},
    {0, "log", "FORMAT", CLI_TEXT, AT(log), 0, "of the access log: common, combined, json, off", 0},
    {0, "log-file", "FILE", CLI_TEXT, AT(log_file), 0,
     "write it to FILE, which SIGHUP has opened again", 0},
    {'q', "quiet", NULL, CLI_FLAG, AT(quiet), 0, "no access log", 0},
};

const cli_section serve_section = {NULL, options, sizeof options / sizeof *options};

void serve_options_init(serve_options *o) {
    *o = (serve_options){.port = -1, .cache_s = -1, .upload_max = UPLOAD_MAX};
}

int serve_is_wildcard(const char *bind) {
    return strcmp(bind, "*") == 0 || strcmp(bind, "0.0.0.0") == 0 || strcmp(bind, "::") == 0 ||
           strcmp(bind, "[::]") == 0;
}

int serve_is_loopback(const serve_options *o) {
    return strncmp(o->bind, "127.", 4) == 0 || strcmp(o->bind, "::1") == 0 ||
           strcmp(o->bind, "[::1]") == 0 || strcmp(o->bind, "localhost") == 0;
}

int serve_is_tls(const serve_options *o) {
    return o->tls || o->tls_certs.count > 0;
}

int serve_log_format(const char *name, skua_access_format *out) {
    static const struct {
        const char *name;
        skua_access_format format;
    } known[] = {
        {"common", SKUA_ACCESS_COMMON},
        {"combined", SKUA_ACCESS_COMBINED},
        {"json", SKUA_ACCESS_JSON},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(known[i].name, name) == 0) {
            *out = known[i].format;
            return 1;
        }
    }
    return strcmp(name, "off") == 0 ? 0 : -1;
}

/* ---- operands ---- */

static int is_directory(const char *path) {
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static int is_number(const char *text) {
    return *text && text[strspn(text, "0123456789")] == '\0';
}

static int take_operand(const cli_command *command, serve_options *o, const char *text) {
    if (is_number(text) && !is_directory(text)) {
        long port = strlen(text) > 5 ? PORT_MAX + 1L : strtol(text, NULL, 10);
        if (o->port >= 0 || port > PORT_MAX) {
            cli_usage(command, o->port >= 0 ? "%s is a second port" : "%s is no port", text);
            return -1;
        }
        o->port = (int)port;
        return 0;
    }
    if (o->directory) {
        cli_usage(command, "%s is a second directory", text);
        return -1;
    }
    o->directory = text;
    return 0;
}

/* ---- options that need each other, or have a form of their own ---- */

/* A check returns 0, or -1 when it was said what is wrong. */
typedef int checker(const cli_command *command, const serve_options *o);

static int check_tls(const cli_command *command, const serve_options *o) {
    int has_certs = o->tls_certs.count > 0, has_keys = o->tls_keys.count > 0;
    if (o->tls && has_certs) {
        cli_usage(command, "--tls makes a certificate, --tls-cert brings one");
        return -1;
    }
    if ((has_keys || o->tls_password_file) && !has_certs) {
        cli_usage(command, "%s needs --tls-cert", has_keys ? "--tls-key" : "--tls-password-file");
        return -1;
    }
    if (has_keys && o->tls_keys.count != o->tls_certs.count) {
        cli_usage(command, "--tls-key is for none of the certificates, or for each");
        return -1;
    }
    if ((o->tls_client_ca || o->tls_ticket_key) && !serve_is_tls(o)) {
        cli_usage(command, "%s needs --tls, or --tls-cert",
                  o->tls_client_ca ? "--tls-client-ca" : "--tls-ticket-key");
        return -1;
    }
    return 0;
}

static int check_protocol(const cli_command *command, const serve_options *o) {
    if (!o->protocol || strcmp(o->protocol, "HTTP/1.1") == 0 ||
        strcmp(o->protocol, "HTTP/1.0") == 0)
        return 0;
    cli_usage(command, "--protocol: '%s' is neither HTTP/1.1 nor HTTP/1.0", o->protocol);
    return -1;
}

/* As a browser writes it in Origin (RFC 6454 6.2): scheme, host and port, nothing behind them. */
static int is_origin(const char *text) {
    size_t scheme = strncmp(text, "https://", 8) == 0 ? 8 : 7;
    if (scheme == 7 && strncmp(text, "http://", 7) != 0)
        return 0;
    for (const char *p = text + scheme; *p; p++) {
        if (*p <= ' ' || *p >= 0x7f || strchr("/?#@,", *p))
            return 0;
    }
    return text[scheme] != '\0';
}

static int check_cors(const cli_command *command, const serve_options *o) {
    if (!o->cors || strcmp(o->cors, "*") == 0 || is_origin(o->cors))
        return 0;
    cli_usage(command, "--cors: '%s' is no origin (https://example.org)", o->cors);
    return -1;
}

/* Fields that say what the reply itself decides. */
static int is_own_field(const char *name, size_t len) {
    static const char *const own[] = {"Connection",    "Content-Encoding", "Content-Length",
                                      "Content-Range", "Content-Type",     "Date",
                                      "ETag",          "Keep-Alive",       "Last-Modified",
                                      "Location",      "Trailer",          "Transfer-Encoding",
                                      "Upgrade",       "WWW-Authenticate"};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        if (strlen(own[i]) == len && strncasecmp(own[i], name, len) == 0)
            return 1;
    }
    return 0;
}

/* RFC 9110 5.1, 5.5: a token, and text without control characters. */
static int check_field(const cli_command *command, const char *field) {
    static const char token[] = "!#$%&'*+-.^_`|~0123456789"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    size_t name = strspn(field, token);
    if (name == 0 || field[name] != ':') {
        cli_usage(command, "--header: '%s' is not 'NAME: VALUE'", field);
        return -1;
    }
    if (is_own_field(field, name)) {
        cli_usage(command, "--header: %.*s is the server's to say", (int)name, field);
        return -1;
    }
    for (const char *p = field + name; *p; p++) {
        if (((unsigned char)*p < 0x20 && *p != '\t') || *p == 0x7f) {
            cli_usage(command, "--header: a control character in the value of %.*s", (int)name,
                      field);
            return -1;
        }
    }
    return 0;
}

static int check_fields(const cli_command *command, const serve_options *o) {
    for (size_t i = 0; i < o->fields.count; i++) {
        if (check_field(command, o->fields.items[i]) != 0)
            return -1;
    }
    return 0;
}

/* RFC 7617 2: a name holds no colon, and neither holds a control character. The password is not
 * shown: what is said here may end up in a log. */
static int check_users(const cli_command *command, const serve_options *o) {
    for (size_t i = 0; i < o->users.count; i++) {
        const char *user = o->users.items[i];
        if (user[0] == ':' || !strchr(user, ':')) {
            cli_usage(command, "--auth: a value is not USER:PASSWORD");
            return -1;
        }
        if (strlen(user) > SERVE_AUTH_USER_MAX) {
            cli_usage(command, "--auth: a value is longer than %d bytes", SERVE_AUTH_USER_MAX);
            return -1;
        }
    }
    return 0;
}

static int check_upload(const cli_command *command, const serve_options *o) {
    if (!o->upload && (o->upload_overwrite || o->upload_max != UPLOAD_MAX)) {
        cli_usage(command, "%s needs --upload",
                  o->upload_overwrite ? "--upload-overwrite" : "--upload-max");
        return -1;
    }
    if (o->upload_max == 0) {
        cli_usage(command, "--upload-max: 0 lets nothing in");
        return -1;
    }
    return 0;
}

static int check_qr(const cli_command *command, const serve_options *o) {
    if (!o->qr || !serve_is_loopback(o))
        return 0;
    cli_usage(command, "--qr needs --bind '*': nobody else can reach %s", o->bind);
    return -1;
}

/* What names a file or directory names one. */
static int check_paths(const cli_command *command, const serve_options *o) {
    const struct {
        const char *flag, *path;
    } given[] = {
        {"--directory", o->directory},         {"--auth-file", o->auth_file},
        {"--tls-client-ca", o->tls_client_ca}, {"--tls-ticket-key", o->tls_ticket_key},
        {"--log-file", o->log_file},
    };
    for (size_t i = 0; i < sizeof given / sizeof *given; i++) {
        if (given[i].path && !*given[i].path) {
            cli_usage(command, "%s: the name is empty", given[i].flag);
            return -1;
        }
    }
    return 0;
}

static int check_log(const cli_command *command, const serve_options *o) {
    skua_access_format format;
    int writes = o->log ? serve_log_format(o->log, &format) : 1;
    if (writes < 0) {
        cli_usage(command, "--log: '%s' is none of common, combined, json and off", o->log);
        return -1;
    }
    if (o->log_file && (o->quiet || !writes)) {
        cli_usage(command, "%s writes no access log, --log-file does",
                  o->quiet ? "--quiet" : "--log off");
        return -1;
    }
    return 0;
}

static checker *const checkers[] = {check_tls,    check_protocol, check_cors,
                                    check_fields, check_users,    check_upload,
                                    check_qr,     check_paths,    check_log};

int serve_options_check(const cli_command *command, serve_options *o, const cli_list *operands) {
    for (size_t i = 0; i < operands->count; i++) {
        if (take_operand(command, o, operands->items[i]) != 0)
            return -1;
    }
    o->directory = o->directory ? o->directory : ".";
    o->bind = o->bind && *o->bind ? o->bind : LOOPBACK;
    o->port = o->port >= 0 ? o->port : DEFAULT_PORT;
    o->cors = o->cors && !*o->cors ? "*" : o->cors;
    o->upload = o->upload && !*o->upload ? o->directory : o->upload;
    for (size_t i = 0; i < sizeof checkers / sizeof *checkers; i++) {
        if (checkers[i](command, o) != 0)
            return -1;
    }
    return 0;
}
