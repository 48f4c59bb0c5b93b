/* net/tls_openssl_keylog.c - writing down the secrets of connections, for who wants to read a
 * capture of them: NSS's format, a line a secret, into a file that its owner alone may read. */
#include "net/tls_openssl.h"

#include "base/fail.h"
#include "base/mem.h"
#include "sys/private_log.h"

#include <errno.h>

/* One write a line: other connections, threads and processes append to the same file. A line that
 * cannot be written is missing, and nothing else. */
static void on_secret(const SSL *ssl, const char *line) {
    const sk_tls *s = SSL_get_app_data(ssl);
    sk_buf text = {0};
    sk_buf_printf(&text, "%s\n", line);
    if (!text.failed)
        sk_private_log_add(s->ctx->keylog_fd, sk_buf_str(&text));
    sk_buf_free(&text);
}

int sk_tls_keylog_open(sk_tls_ctx *c, const char *path, skua_error *err) {
    if (!path)
        return 0;
    int fd = sk_private_log_open(path);
    if (fd == -EPERM)
        return sk_fail(err, SKUA_E_PERMISSION, SKUA_PHASE_TLS,
                       "keylog_file %s is not this user's own", path);
    if (fd < 0)
        return sk_fail_os(err, SKUA_E_OS, SKUA_PHASE_TLS, -fd, "keylog_file %s", path);
    c->keylog_fd = fd;
    c->keylog_file = sk_strdup(path);
    if (!c->keylog_file) {
        sk_private_log_close(fd);
        return sk_fail_nomem(err);
    }
    SSL_CTX_set_keylog_callback(c->ssl, on_secret);
    return 0;
}

void sk_tls_keylog_close(sk_tls_ctx *c) {
    if (c->keylog_file)
        sk_private_log_close(c->keylog_fd);
    sk_free(c->keylog_file);
}

const char *sk_tls_ctx_keylog(const sk_tls_ctx *c) {
    return c->keylog_file;
}
