/* skua/tls.h - TLS settings for either end, and a local authority for development. */
#ifndef SKUA_TLS_H
#define SKUA_TLS_H

#include <skua/error.h>
#include <skua/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SKUA_TLS_1_2 12
#define SKUA_TLS_1_3 13

/* Which certificate authorities are believed, when ca_file or ca_dir is given. */
typedef enum skua_tls_trust {
    SKUA_TLS_TRUST_REPLACE = 0, /* these alone */
    SKUA_TLS_TRUST_ADD          /* these and the system's */
} skua_tls_trust;

/* Give the pass phrase of an encrypted key: up to cap bytes into buf. Called while options are
 * loaded (skua_conn_new, skua_client_new, skua_server_listen), and only for a key that needs it.
 *
 * Returns: its length, or a negative number where there is none. */
typedef int skua_tls_password_fn(char *buf, int cap, void *user);

/* What to make of a stapled OCSP response (RFC 6066 8). One that says "revoked", that is not of now
 * (5 minutes either way are granted) or not signed by whom it must be is never believed; a
 * certificate that demands a staple (RFC 7633) and comes without is refused. A responder's unsigned
 * "try later" counts as none. Nothing is fetched. A resumed session brings no staple: that of its
 * first handshake holds on. With insecure_skip_verify it is off. */
typedef enum skua_tls_ocsp {
    SKUA_OCSP_IF_PRESENT = 0, /* asked for, and checked where it comes */
    SKUA_OCSP_REQUIRE,        /* a handshake without a good one fails */
    SKUA_OCSP_OFF             /* neither asked for nor looked at */
} skua_tls_ocsp;

/* TLS sessions to be resumed, shared by the connections that are given it. */
typedef struct skua_tls_sessions skua_tls_sessions;

/* One of several certificates of a server. Files are PEM, but for ocsp_file. */
typedef struct skua_tls_cert {
    const char *cert_file;    /* its chain behind it; NULL ends a list */
    const char *key_file;     /* NULL: in cert_file */
    const char *key_password; /* NULL: as skua_tls_opts has it */
    const char *ocsp_file;    /* see skua_tls_opts */
} skua_tls_cert;

/* Must a client show a certificate, where the server has ca_file or ca_dir to judge it by? One that
 * is shown and not believed ends the handshake in either case. */
typedef enum skua_tls_client_auth {
    SKUA_CLIENT_AUTH_REQUIRED = 0, /* else the handshake fails */
    SKUA_CLIENT_AUTH_OPTIONAL      /* asked for; handlers see whether there is one */
} skua_tls_client_auth;

/* TLS settings. All zero, or NULL in its place: on a client the system's trust store, found at run
 * time (SSL_CERT_FILE and SSL_CERT_DIR where one is set, else where distributions keep it), the
 * certificate chain and the host name verified (RFC 9525), TLS 1.2 or newer. A server needs
 * cert_file and key_file, or certs. Files are PEM.
 *
 * A server looks after its files while it runs: those that change are read again, within a second
 * of the next connection, and skua_server_reload reads them at once. What cannot be used (a key
 * that does not match yet, say) is logged, and the last good settings stay. Connections that are
 * open keep what they began with. */
typedef struct skua_tls_opts {
    size_t size;
    const char *cert_file;    /* own certificate, its chain behind it */
    const char *key_file;     /* its private key; NULL: in cert_file */
    const char *key_password; /* for an encrypted key; never asked for on a terminal */
    const char *ca_file;      /* authorities to believe; on a server, for clients' certificates */
    const char *ca_dir;       /* the same as a directory of hashed names (openssl rehash) */
    skua_tls_trust trust;     /* are these in place of the system's, or added to them? */
    int min_version;          /* SKUA_TLS_1_2 (default) or SKUA_TLS_1_3 */
    const char *server_name;  /* client: name to ask for and verify, in place of the URL's host */
    const char *alpn;         /* comma-separated, best first; NULL: "http/1.1"; "": none */
    int insecure_skip_verify; /* client: 1 = believe anyone. Each use is traced as a warning */
    int max_version;          /* SKUA_TLS_1_2 or SKUA_TLS_1_3 [the newest] */
    const char *ciphers; /* of TLS 1.2, as OpenSSL lists them [Mozilla's intermediate]; an unknown
                            name is refused, and what authenticates nobody stays out */
    const char *ciphersuites;              /* of TLS 1.3 [all three] */
    skua_tls_password_fn *key_password_fn; /* asked where key_password is NULL; a server's, also by
                                              its workers, where the key's file has changed */
    void *key_password_user;
    const char *sni;  /* client: name sent in the clear, where it is not the one that is verified;
                         "": none is sent */
    const char *pins; /* client: "sha256//BASE64[;sha256//BASE64...]", digests of public keys
                         (RFC 7469 2.4): one must be in the verified chain, besides all other
                         checks; with insecure_skip_verify, be the peer's own */
    const char *crl_file; /* revocation lists; each certificate of the peer's chain then needs one
                             of its issuer, but for the one that is in the store */
    skua_tls_ocsp ocsp;
    skua_tls_sessions *sessions; /* client: NULL: each connection object keeps its own */
    const char *keylog_file;     /* append what decrypts a capture of the traffic, in NSS's format.
                                    The file becomes its owner's alone (mode 0600); links and others'
                                    files are refused. Each use is traced as a warning */
    /* Server: more certificates, up to the first without a cert_file. Each is for the names in its
     * subjectAltName, wildcards among them, and is chosen by the name that the client asks for, the
     * exact one first; of several for a name (ECDSA and RSA, say) it is one that the client can
     * verify. Who asks for another name, or none, is shown cert_file or, where there is none, the
     * first of these. */
    const skua_tls_cert *certs;
    skua_tls_client_auth client_auth; /* server, with ca_file or ca_dir */
    const char *ocsp_file; /* server: the OCSP response for cert_file (DER), stapled for clients
                              that ask. One that has expired is not */
    /* Server: keys of session tickets, 80 bytes each as nginx has them: the first encrypts, all
     * decrypt. Servers with the same file, and the same authorities for clients, resume each
     * other's sessions; whoever reads it can read their traffic, so one that others than its owner
     * may read is refused. NULL: keys of its own, new every 12 hours, the last one good as long
     * again. */
    const char *ticket_key_file;
} skua_tls_opts;

/* Make a store of TLS sessions, for connections to resume from: a handshake then goes without
 * certificates, and in TLS 1.2 with a round trip less. Give it to any number of connections in
 * skua_tls_opts.sessions; without one, each connection object, and each client, has its own.
 *
 * A session is resumed at the same host and port alone, and only by settings that name the same
 * authorities, pins, revocation lists, client certificate, versions, cipher suites and names: what
 * was accepted without verification is never taken for verified. Chain, name, pins, revocation
 * lists and staple were judged by the full handshake, and are not judged again; a session ends at
 * the latest with the peer's certificate, after what the server says, and after a week (RFC 8446
 * 4.6.1). Each is used once. A store holds at most max sessions, 4 of them for one server; the
 * oldest give way.
 *
 * max: 0 is 256.
 *
 * Returns: the store; NULL when there is no memory.
 * Owns: the caller frees it with skua_tls_sessions_free.
 * Thread: any.
 * Since: 0.1 */
SKUA_API skua_tls_sessions *skua_tls_sessions_new(size_t max);

/* Free a store. Connections that were given it may go on. NULL is fine.
 *
 * Thread: any.
 * Since: 0.1 */
SKUA_API void skua_tls_sessions_free(skua_tls_sessions *t);

/* A certificate, for people and programs to look at. What is no plain character in its text is
 * escaped; text that is too long is cut, names at a comma, with "..." behind. */
typedef struct skua_certificate {
    size_t size;       /* set by the caller to sizeof(skua_certificate) */
    char subject[192]; /* "CN=example.org,O=Example" */
    char issuer[192];
    char names[512];    /* DNS names and addresses in its subjectAltName: "a.example, 192.0.2.1" */
    char serial[64];    /* hexadecimal */
    int64_t not_before; /* seconds since 1970 */
    int64_t not_after;
    char sha256[65]; /* of its DER, hexadecimal */
    char pin[64];    /* its key, in the form of skua_tls_opts.pins: "sha256//BASE64" */
} skua_certificate;

/* A certificate authority kept in a directory, for development on one's own machine. */
typedef struct skua_local_ca_opts {
    size_t size;
    const char *dir;          /* where it is kept; made (mode 0700) if it is missing */
    const char *const *names; /* host names and addresses for the certificate, NULL at the end;
                                 NULL: localhost, 127.0.0.1 and ::1 */
} skua_local_ca_opts;

/* Where skua_local_ca_ensure has put things. */
typedef struct skua_local_ca_files {
    char ca_file[512];   /* give this to clients to believe */
    char cert_file[512]; /* these two to a server */
    char key_file[512];
    int ca_made;   /* 1: the authority is new */
    int cert_made; /* 1: the certificate is new (first time, other names, or near its end) */
} skua_local_ca_files;

/* Make sure that a local authority and a certificate signed by it are there.
 *
 * The authority (P-256, ten years, named after user and host) is made once; its key is readable by
 * its owner alone. The certificate (397 days, DNS and IP subject alternative names, serverAuth) is
 * made again when its names differ or it ends within 30 days. Files are written whole or not at
 * all. A damaged authority is an error, never silently replaced.
 *
 * Returns: 0 and *out, or SKUA_E_PERMISSION (also for a key that others may read), SKUA_E_OS,
 *          SKUA_E_FILE_NOT_FOUND, SKUA_E_TLS (a file that is damaged), SKUA_E_INVALID_ARGUMENT,
 *          SKUA_E_NOMEM; the message names the file.
 * Thread: any; two processes at once may each make a certificate, and the files stay matched.
 * Since: 0.1 */
SKUA_API int skua_local_ca_ensure(const skua_local_ca_opts *opts, skua_local_ca_files *out,
                                  skua_error *err);

/* SHA-256, a piece at a time. */
typedef struct skua_sha256 skua_sha256;

/* Begin a digest.
 *
 * Returns: the digest; NULL when there is no memory.
 * Owns: the caller ends it with skua_sha256_final, or skua_sha256_free.
 * Thread: any; then one at a time.
 * Since: 0.1 */
SKUA_API skua_sha256 *skua_sha256_new(void);

/* Add bytes to a digest. NULL for the digest is fine, and does nothing.
 *
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API void skua_sha256_update(skua_sha256 *h, const void *data, size_t len);

/* Give the digest of all that was added, in hexadecimal and terminated, and free the object. NULL
 * for the digest gives "".
 *
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API void skua_sha256_final(skua_sha256 *h, char hex[65]);

/* Free a digest without a result. NULL is fine.
 *
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API void skua_sha256_free(skua_sha256 *h);

#ifdef __cplusplus
}
#endif
#endif
