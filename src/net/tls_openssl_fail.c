/* net/tls_openssl_fail.c - OpenSSL's failures, in words that a person can act on. */
#include "net/tls_openssl.h"

#include "base/fail.h"
#include "sys/file.h"

#include <openssl/err.h>
#include <openssl/pemerr.h>
#include <openssl/sslerr.h>
#include <openssl/x509_vfy.h>
#include <stdio.h>
#include <string.h>

/* RFC 8446 6, by number. Those that name a cause on our side have it said. */
static const char *alert_text(int alert) {
    static const struct {
        int alert;
        const char *text;
    } known[] = {
        {SSL3_AD_UNEXPECTED_MESSAGE, "unexpected_message"},
        {SSL3_AD_BAD_RECORD_MAC, "bad_record_mac"},
        {TLS1_AD_RECORD_OVERFLOW, "record_overflow"},
        {SSL3_AD_HANDSHAKE_FAILURE, "handshake_failure: it accepts none of the offered parameters"},
        {SSL3_AD_BAD_CERTIFICATE, "bad_certificate: it refuses our certificate"},
        {SSL3_AD_UNSUPPORTED_CERTIFICATE, "unsupported_certificate: it refuses our certificate"},
        {SSL3_AD_CERTIFICATE_REVOKED, "certificate_revoked: it refuses our certificate"},
        {SSL3_AD_CERTIFICATE_EXPIRED, "certificate_expired: it refuses our certificate"},
        {SSL3_AD_CERTIFICATE_UNKNOWN, "certificate_unknown: it refuses our certificate"},
        {SSL3_AD_ILLEGAL_PARAMETER, "illegal_parameter"},
        {TLS1_AD_UNKNOWN_CA, "unknown_ca: it does not believe who signed our certificate"},
        {TLS1_AD_ACCESS_DENIED, "access_denied"},
        {TLS1_AD_DECODE_ERROR, "decode_error"},
        {TLS1_AD_DECRYPT_ERROR, "decrypt_error"},
        {TLS1_AD_PROTOCOL_VERSION, "protocol_version: it speaks none of our TLS versions"},
        {TLS1_AD_INSUFFICIENT_SECURITY, "insufficient_security"},
        {TLS1_AD_INTERNAL_ERROR, "internal_error"},
        {TLS1_AD_INAPPROPRIATE_FALLBACK, "inappropriate_fallback"},
        {TLS1_AD_USER_CANCELLED, "user_canceled"},
        {TLS13_AD_MISSING_EXTENSION, "missing_extension"},
        {TLS1_AD_UNSUPPORTED_EXTENSION, "unsupported_extension"},
        {TLS1_AD_UNRECOGNIZED_NAME, "unrecognized_name: it does not serve this host"},
        {TLS13_AD_CERTIFICATE_REQUIRED, "certificate_required: it asks for a client certificate"},
        {TLS1_AD_NO_APPLICATION_PROTOCOL, "no_application_protocol: no ALPN name in common"},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (known[i].alert == alert)
            return known[i].text;
    }
    return "unknown";
}

/* What OpenSSL says less well. */
static const char *reason_text(unsigned long e) {
    static const struct {
        int reason;
        const char *text;
    } known[] = {
        {SSL_R_WRONG_VERSION_NUMBER, "the peer does not speak TLS on this port"},
        {SSL_R_HTTP_REQUEST, "the peer does not speak TLS: it sent a plain HTTP request"},
        {SSL_R_HTTPS_PROXY_REQUEST, "the peer does not speak TLS: it sent a plain CONNECT request"},
        {SSL_R_UNSUPPORTED_PROTOCOL, "the peer speaks only TLS versions too old to be accepted"},
        {SSL_R_VERSION_TOO_LOW, "the peer speaks only TLS versions too old to be accepted"},
        {SSL_R_WRONG_SSL_VERSION, "the peer speaks only TLS versions too old to be accepted"},
        {SSL_R_NO_SHARED_CIPHER, "no cipher suite in common with the peer"},
        {SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE,
         "the client sent no certificate, and one is required (client_auth)"},
        {SSL_R_NO_APPLICATION_PROTOCOL, "no application protocol (ALPN) in common with the peer"},
    };
    int reason = ERR_GET_REASON(e);
    for (size_t i = 0; ERR_GET_LIB(e) == ERR_LIB_SSL && i < sizeof known / sizeof known[0]; i++) {
        if (known[i].reason == reason)
            return known[i].text;
    }
    const char *text = ERR_reason_error_string(e);
    return text ? text : "TLS failed";
}

/* Whom the message is about: the host that was meant; on a server, the peer's address. */
void sk_tls_peer_name(const sk_tls *s, char *out, size_t cap, skua_stream_info *info) {
    *info = (skua_stream_info){.size = sizeof *info};
    if (s->below->ops->info)
        s->below->ops->info(s->below, info);
    snprintf(out, cap, "%s", s->host[0] ? s->host : info->peer[0] ? info->peer : "peer");
}

static int fail_below(const sk_tls *s, const char *peer, skua_error *out) {
    int code = s->scratch->io_code;
    if (code == SKUA_E_TLS_EOF)
        return sk_fail(out, code, SKUA_PHASE_TLS, "%.100s: the peer closed the connection %s", peer,
                       s->up ? "without close_notify: what it sent may be cut short"
                             : "during the handshake");
    if (s->scratch->refused)
        return sk_fail(out, code, SKUA_PHASE_TLS, "%.100s: %s", peer, s->scratch->refused);
    *out = s->scratch->io;
    if (s->up)
        return code;
    int os_errno = out->os_errno;
    sk_fail(out, code, SKUA_PHASE_TLS, "%.100s: handshake: %.300s", peer, s->scratch->io.msg);
    out->os_errno = os_errno;
    return code;
}

static bool is_refusal(unsigned long e) {
    int reason = ERR_GET_REASON(e);
    return ERR_GET_LIB(e) == ERR_LIB_SSL &&
           (reason == SSL_R_CERTIFICATE_VERIFY_FAILED || reason == SSL_R_INVALID_STATUS_RESPONSE);
}

/* A refusal comes with its words; without, there was no memory for them. What OpenSSL has found by
 * itself can still be said. */
static int fail_refused(const sk_tls *s, const char *peer, skua_error *out) {
    long verify = SSL_get_verify_result(s->ssl);
    if (verify == X509_V_OK || verify == X509_V_ERR_OUT_OF_MEM ||
        verify == X509_V_ERR_APPLICATION_VERIFICATION)
        return sk_fail_nomem(out);
    sk_fail(out, SKUA_E_TLS_CERTIFICATE, SKUA_PHASE_TLS, "%.100s: %s", peer,
            X509_verify_cert_error_string(verify));
    out->tls_verify = (int)verify;
    return SKUA_E_TLS_CERTIFICATE;
}

static int fail_protocol(const sk_tls *s, const char *peer, skua_error *out) {
    unsigned long e = ERR_peek_error(); /* the first is the cause, later ones its consequences */
    int reason = ERR_GET_REASON(e);
    if (is_refusal(e))
        return fail_refused(s, peer, out);
    if (reason == ERR_R_MALLOC_FAILURE)
        return sk_fail_nomem(out);
    /* Failures of its own OpenSSL marks with bits far above the alerts. */
    if (ERR_GET_LIB(e) == ERR_LIB_SSL && reason >= SSL_AD_REASON_OFFSET &&
        reason < SSL_AD_REASON_OFFSET + 256)
        return sk_fail(out, SKUA_E_TLS, SKUA_PHASE_TLS, "%.100s: the peer sent the alert %s", peer,
                       alert_text(reason - SSL_AD_REASON_OFFSET));
    return sk_fail(out, SKUA_E_TLS, SKUA_PHASE_TLS, "%.100s: %s", peer, reason_text(e));
}

/* Fill *out whole with why OpenSSL stopped. Returns its code. */
int sk_tls_explain(const sk_tls *s, int ssl_error, skua_error *out) {
    skua_stream_info info;
    char peer[sizeof out->target];
    sk_tls_peer_name(s, peer, sizeof peer, &info);
    if (s->why)
        *out = *s->why; /* a refused certificate */
    bool of_below = s->scratch->io_code != 0 && ssl_error == SSL_ERROR_SYSCALL;
    int code = s->why     ? s->why->code
               : of_below ? fail_below(s, peer, out)
                          : fail_protocol(s, peer, out);
    memcpy(out->target, peer, sizeof peer);
    memcpy(out->address, info.peer, sizeof out->address);
    /* Without a handshake nothing was asked of the peer. */
    out->retry_safe = !s->up;
    return code;
}

/* What a file that is not PEM is instead; or "". */
static const char *shape_of(const char *path) {
    unsigned char first[2];
    int dir = sk_dir_open(path);
    if (dir >= 0) {
        sk_file_close(dir);
        return ": it is a directory";
    }
    BIO *b = BIO_new_file(path, "r");
    int n = b ? BIO_read(b, first, sizeof first) : -1;
    BIO_free(b);
    ERR_clear_error();
    if (n == 0)
        return ": it is empty";
    /* A SEQUENCE with a length of more than 127. */
    if (n == 2 && first[0] == 0x30 && first[1] > 0x80)
        return ": it is in DER form, which openssl with -inform DER converts";
    return "";
}

static int fail_not_pem(skua_error *err, const char *what, const char *path) {
    return sk_fail(err, SKUA_E_TLS, SKUA_PHASE_TLS, "%s %s: holds no %s in PEM form%s", what, path,
                   strcmp(what, "key_file") == 0   ? "private key"
                   : strcmp(what, "crl_file") == 0 ? "revocation list"
                                                   : "certificate",
                   shape_of(path));
}

static int fail_file(skua_error *err, const char *what, const char *path) {
    unsigned long e = ERR_peek_error();
    ERR_clear_error();
    if (ERR_SYSTEM_ERROR(e))
        return sk_fail_os(err, SKUA_E_OS, SKUA_PHASE_TLS, ERR_GET_REASON(e), "%s %s", what, path);
    if ((ERR_GET_LIB(e) == ERR_LIB_PEM && ERR_GET_REASON(e) == PEM_R_NO_START_LINE) ||
        ERR_GET_LIB(e) == ERR_LIB_OSSL_DECODER)
        return fail_not_pem(err, what, path);
    const char *why = ERR_reason_error_string(e);
    return sk_fail(err, SKUA_E_TLS, SKUA_PHASE_TLS, "%s %s: %s", what, path,
                   why ? why : "not readable");
}

/* Loading a file failed: say which and why. Empties OpenSSL's queue. */
int sk_tls_fail_file(skua_error *err, const char *what, const char *path) {
    int code = fail_file(err, what, path);
    if (err)
        snprintf(err->target, sizeof err->target, "%s", path);
    return code;
}

/* The same for what is not a file. */
int sk_tls_fail_queue(skua_error *err, const char *what) {
    const char *why = ERR_reason_error_string(ERR_peek_error());
    ERR_clear_error();
    return sk_fail(err, SKUA_E_TLS, SKUA_PHASE_TLS, "%s: %s", what,
                   why ? why : "refused by OpenSSL");
}
