/* examples/tls.c - the default TLS settings, or one's own authority: tls https://localhost ca.pem
 *
 * By default the system's authorities are believed, the host name is checked, and TLS is 1.2 or
 * newer. Settings change only what they name. */
#include <skua/skua.h>
#include <stdio.h>

static int show(const char *server, const skua_tls_opts *tls, skua_error *err) {
    skua_conn *c = skua_conn_new(server, SKUA_OPTS(skua_conn_opts, .tls = tls), err);
    if (!c)
        return err->code;
    skua_stream_info info = {.size = sizeof info};
    int rc = skua_conn_connect(c, err);
    if (rc == 0 && skua_conn_info(c, &info) == 0)
        printf("%s with %s\ncertificate of %s\n", info.tls_version, info.tls_cipher,
               info.tls_subject);
    skua_conn_free(c);
    return rc;
}

int main(int argc, char **argv) {
    if (argc < 2 || argc > 3) {
        fputs("usage: tls SERVER [AUTHORITY.pem]\n", stderr);
        return 2;
    }
    const skua_tls_opts *own =
        SKUA_OPTS(skua_tls_opts, .ca_file = argv[argc - 1], .min_version = SKUA_TLS_1_3);
    skua_error err;
    int rc = show(argv[1], argc > 2 ? own : NULL, &err);
    if (rc != 0)
        fprintf(stderr, "tls: %s\n", err.msg);
    return rc != 0;
}
