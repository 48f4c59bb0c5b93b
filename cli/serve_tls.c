/* serve_tls.c - the TLS settings of `skua serve`: a certificate of the local authority, or those
 * that are brought. */
#include "serve_tls.h"

#include "report.h"
#include "serve_authority.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Returns 0, or -1 when it was said what is wrong. */
static int read_password(const char *path, char password[static SERVE_TLS_PASSWORD_BYTES]) {
    FILE *f = fopen(path, "re");
    if (!f || !fgets(password, SERVE_TLS_PASSWORD_BYTES, f)) {
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

static const char *key_of(const serve_options *o, size_t i) {
    return o->tls_keys.count > 0 ? o->tls_keys.items[i] : NULL;
}

/* The first is for who asks for a name that no other has. */
static int take_certs(serve_tls *tls, const serve_options *o) {
    size_t count = o->tls_certs.count;
    if (count == 0)
        return 0;
    tls->more = calloc(count, sizeof *tls->more); /* the last one ends the list */
    if (!tls->more) {
        cli_say("serve: out of memory");
        return -1;
    }
    tls->opts.cert_file = o->tls_certs.items[0];
    tls->opts.key_file = key_of(o, 0);
    for (size_t i = 1; i < count; i++)
        tls->more[i - 1] =
            (skua_tls_cert){.cert_file = o->tls_certs.items[i], .key_file = key_of(o, i)};
    tls->opts.certs = tls->more;
    return 0;
}

int serve_tls_init(serve_tls *tls, const serve_options *o, skua_error *err) {
    tls->opts = (skua_tls_opts){
        .size = sizeof tls->opts,
        .key_password = o->tls_password_file ? tls->password : NULL,
        .ca_file = o->tls_client_ca,
        .ticket_key_file = o->tls_ticket_key,
    };
    if (o->tls_password_file && read_password(o->tls_password_file, tls->password) != 0)
        return -1;
    if (!o->tls)
        return take_certs(tls, o);
    tls->opts.cert_file = tls->made.cert_file;
    tls->opts.key_file = tls->made.key_file;
    return serve_authority(o->bind, &tls->made, err) == 0 ? 0 : -1;
}

void serve_tls_free(serve_tls *tls) {
    free(tls->more);
    explicit_bzero(tls->password, sizeof tls->password);
}
