/* examples/https.c - a server with a certificate for each of its names, which knows its clients by
 * theirs:
 * https https://[::]:8443 a.pem b.pem
 * https https://[::]:8443 -c clients.pem -t ticket.keys a.pem b.pem
 *
 * A file holds a certificate, its chain and its key; "a.pem,a.ocsp" has a response to be stapled
 * beside it. Those that change are read again. -c: who signs clients' certificates; -o: they need
 * not have one; -t: keys of session tickets, for several servers. */
#include <signal.h>
#include <skua/skua.h>
#include <stdio.h>
#include <string.h>

#define CERTS_MAX 16

static skua_server *server;

static void stop(int signal) {
    (void)signal;
    skua_server_stop(server);
}

static int who(skua_request *q, skua_reply *a, void *user) {
    skua_certificate c = {.size = sizeof c};
    int rc = skua_request_certificate(q, &c);
    (void)user;
    return skua_reply_text(a, 200, "%s\n", rc == 0 ? c.subject : "nobody");
}

static void say(void *user, const char *line) {
    (void)user;
    fprintf(stderr, "%s\n", line);
}

static int serve(const char *url, const skua_tls_opts *tls) {
    skua_error err;
    server = skua_server_new(SKUA_OPTS(skua_server_opts, .log = say), &err);
    skua_route(server, "GET /", who, NULL);
    skua_server_listen(server, url, tls);
    signal(SIGINT, stop);
    signal(SIGTERM, stop);
    if (skua_server_check(server, &err) == 0)
        fprintf(stderr, "serving at %s\n", skua_server_url(server, 0));
    int rc = skua_server_run(server, &err);
    if (rc)
        fprintf(stderr, "https: %s\n", err.msg);
    skua_server_free(server);
    return rc != 0;
}

/* "a.pem" or "a.pem,a.ocsp" */
static skua_tls_cert certificate(char *argument) {
    char *comma = strchr(argument, ',');
    if (comma)
        *comma++ = '\0';
    return (skua_tls_cert){.cert_file = argument, .ocsp_file = comma};
}

int main(int argc, char **argv) {
    skua_tls_cert certs[CERTS_MAX + 1] = {{0}};
    skua_tls_opts tls = {.size = sizeof tls, .certs = certs};
    size_t count = 0;
    for (int i = 2; i < argc; i++) {
        if (strcmp(argv[i], "-o") == 0)
            tls.client_auth = SKUA_CLIENT_AUTH_OPTIONAL;
        else if (strcmp(argv[i], "-c") == 0 && argv[i + 1])
            tls.ca_file = argv[++i];
        else if (strcmp(argv[i], "-t") == 0 && argv[i + 1])
            tls.ticket_key_file = argv[++i];
        else if (count < CERTS_MAX)
            certs[count++] = certificate(argv[i]);
    }
    if (count == 0) {
        fputs("usage: https URL [-c CA] [-o] [-t TICKET-KEYS] CERTIFICATE[,STAPLE]...\n", stderr);
        return 2;
    }
    return serve(argv[1], &tls);
}
