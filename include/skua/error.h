/* skua/error.h - what went wrong: a stable code, the phase it happened in, and its cause. */
#ifndef SKUA_ERROR_H
#define SKUA_ERROR_H

#include <skua/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The one list of errors: X(name, code, Python's spelling, class, text).
 * A code never changes its number once released. Where Python has no exception of its own for a
 * case, the spelling is that of the exception Python raises there. */
#define SKUA_ERROR_MAP(X)                                                                          \
    X(AGAIN, -1, "BlockingIOError", IO, "not ready yet")                                           \
    X(NOMEM, -2, "MemoryError", MEMORY, "out of memory")                                           \
    X(INVALID_ARGUMENT, -3, "ValueError", USAGE, "invalid argument")                               \
    X(STATE, -4, "ImproperConnectionState", STATE, "call not allowed in this state")               \
    X(UNSUPPORTED, -5, "NotImplementedError", USAGE, "not supported")                              \
    X(OS, -6, "OSError", IO, "system error")                                                       \
    X(FILE_NOT_FOUND, -7, "FileNotFoundError", IO, "no such file")                                 \
    X(PERMISSION, -8, "PermissionError", IO, "permission denied")                                  \
    X(CANCELLED, -9, "InterruptedError", IO, "cancelled")                                          \
    X(HTTP, -20, "HTTPException", PROTOCOL, "HTTP error")                                          \
    X(NOT_CONNECTED, -21, "NotConnected", STATE, "not connected")                                  \
    X(INVALID_URL, -22, "InvalidURL", USAGE, "invalid URL")                                        \
    X(UNKNOWN_PROTOCOL, -23, "UnknownProtocol", PROTOCOL, "unknown protocol version")              \
    X(UNKNOWN_TRANSFER_ENCODING, -24, "UnknownTransferEncoding", PROTOCOL,                         \
      "unknown transfer coding")                                                                   \
    X(UNIMPLEMENTED_FILE_MODE, -25, "UnimplementedFileMode", USAGE, "unimplemented file mode")     \
    X(INCOMPLETE_READ, -26, "IncompleteRead", PROTOCOL, "message cut short")                       \
    X(IMPROPER_CONNECTION_STATE, -27, "ImproperConnectionState", STATE,                            \
      "improper connection state")                                                                 \
    X(CANNOT_SEND_REQUEST, -28, "CannotSendRequest", STATE, "cannot start a request now")          \
    X(CANNOT_SEND_HEADER, -29, "CannotSendHeader", STATE, "cannot send a header field now")        \
    X(RESPONSE_NOT_READY, -30, "ResponseNotReady", STATE, "no response to read now")               \
    X(BAD_STATUS_LINE, -31, "BadStatusLine", PROTOCOL, "malformed status line")                    \
    X(LINE_TOO_LONG, -32, "LineTooLong", LIMIT, "start line too long")                             \
    X(REMOTE_DISCONNECTED, -33, "RemoteDisconnected", IO, "peer closed without a response")        \
    X(BAD_REQUEST_LINE, -40, "HTTPException", PROTOCOL, "malformed request line")                  \
    X(BAD_FIELD, -41, "HTTPException", PROTOCOL, "malformed field line")                           \
    X(BAD_LINE_END, -42, "HTTPException", PROTOCOL, "line does not end in CRLF")                   \
    X(BAD_CONTENT_LENGTH, -43, "HTTPException", PROTOCOL, "invalid Content-Length")                \
    X(BAD_FRAMING, -44, "HTTPException", PROTOCOL, "contradictory message framing")                \
    X(BAD_CHUNK, -45, "IncompleteRead", PROTOCOL, "malformed chunk")                               \
    X(BAD_HOST, -46, "HTTPException", PROTOCOL, "missing, repeated or invalid Host")               \
    X(BAD_TARGET, -47, "HTTPException", PROTOCOL, "invalid request target")                        \
    X(TOO_MANY_FIELDS, -48, "HTTPException", LIMIT, "too many fields")                             \
    X(HEAD_TOO_LARGE, -49, "HTTPException", LIMIT, "header section too large")                     \
    X(BODY_TOO_LARGE, -50, "HTTPException", LIMIT, "body too large")                               \
    X(TOO_MANY_REDIRECTS, -51, "HTTPException", LIMIT, "too many redirects")                       \
    X(UNSAFE_REDIRECT, -52, "HTTPException", PROTOCOL, "redirect refused")                         \
    X(FIELD_TOO_LONG, -53, "LineTooLong", LIMIT, "field line too long")                            \
    X(CONTENT_CODING, -54, "HTTPException", PROTOCOL, "content coding cannot be decoded")          \
    X(DECODED_TOO_LARGE, -55, "HTTPException", LIMIT, "decoded body too large")                    \
    X(BAD_MULTIPART, -56, "HTTPException", PROTOCOL, "malformed multipart body")                   \
    X(RESOLVE, -60, "gaierror", RESOLVE, "name not resolved")                                      \
    X(CONNECT, -61, "OSError", CONNECT, "cannot connect")                                          \
    X(CONNECTION_REFUSED, -62, "ConnectionRefusedError", CONNECT, "connection refused")            \
    X(CONNECTION_RESET, -63, "ConnectionResetError", IO, "connection reset by peer")               \
    X(BROKEN_PIPE, -64, "BrokenPipeError", IO, "peer closed while we were sending")                \
    X(TIMEOUT, -65, "TimeoutError", TIMEOUT, "timed out")                                          \
    X(ADDRESS_IN_USE, -66, "OSError", IO, "address already in use")                                \
    X(NETWORK_POLICY, -67, "PermissionError", CONNECT, "address not allowed")                      \
    X(TUNNEL, -68, "OSError", CONNECT, "proxy refused the tunnel")                                 \
    X(TLS, -80, "SSLError", TLS, "TLS error")                                                      \
    X(TLS_CERTIFICATE, -81, "SSLCertVerificationError", TLS, "certificate verification failed")    \
    X(TLS_EOF, -82, "SSLEOFError", TLS, "TLS connection cut without close_notify")                 \
    X(TLS_PIN, -83, "SSLCertVerificationError", TLS, "no pinned key in the certificate chain")

/* Error codes: SKUA_E_NOMEM and so on; all negative. */
enum {
#define SKUA_ERROR_ENUM_(name, code, python, cls, text) SKUA_E_##name = code,
    SKUA_ERROR_MAP(SKUA_ERROR_ENUM_)
#undef SKUA_ERROR_ENUM_
};

/* The kind of trouble, for programs that act by kind rather than by code. */
typedef enum skua_error_class {
    SKUA_CLASS_NONE = 0,
    SKUA_CLASS_USAGE,    /* the call or its arguments were wrong */
    SKUA_CLASS_STATE,    /* the right call at the wrong time */
    SKUA_CLASS_MEMORY,   /* allocation failed */
    SKUA_CLASS_RESOLVE,  /* the host name has no address */
    SKUA_CLASS_CONNECT,  /* no address answered */
    SKUA_CLASS_TLS,      /* handshake or verification failed */
    SKUA_CLASS_IO,       /* the connection or a file broke */
    SKUA_CLASS_PROTOCOL, /* the peer broke HTTP */
    SKUA_CLASS_LIMIT,    /* a configured limit was passed */
    SKUA_CLASS_TIMEOUT   /* a deadline passed */
} skua_error_class;

/* Where in an exchange the error happened. */
typedef enum skua_phase {
    SKUA_PHASE_NONE = 0, /* in no exchange: an argument, a file, a URL */
    SKUA_PHASE_RESOLVE,  /* asking for the host's addresses */
    SKUA_PHASE_CONNECT,  /* racing them */
    SKUA_PHASE_TLS,      /* the handshake, and certificates being loaded */
    SKUA_PHASE_SEND,     /* the request, its body among it */
    SKUA_PHASE_WAIT,     /* for the first byte of the response head */
    SKUA_PHASE_RECV,     /* the response */
    SKUA_PHASE_DECODE,   /* undoing its content coding */
    SKUA_PHASE_LIMIT,    /* something larger than is allowed */
    SKUA_PHASE_STATE,    /* a call at the wrong time */
    SKUA_PHASE_MEMORY,   /* allocating */
    SKUA_PHASE_TUNNEL    /* asking a proxy for a tunnel: CONNECT and its answer */
} skua_phase;

#define SKUA_ERROR_ATTEMPTS 8

/* One address that was tried. */
typedef struct skua_attempt {
    char address[56]; /* "192.0.2.1:443", "[2001:db8::1]:443" */
    int os_errno;   /* 0 where the attempt was overtaken or still under way; EACCES where the option
                       network forbids the address */
    int elapsed_ms; /* from this attempt's beginning to its end, or to the error */
} skua_attempt;

/* Everything known about a failure. The caller owns it; a call that takes one fills it only when
 * it fails, and then fills it whole. Everywhere it is taken, NULL is fine. */
typedef struct skua_error {
    int code;               /* SKUA_E_* */
    skua_phase phase;       /* where it happened; SKUA_PHASE_NONE outside an exchange */
    int os_errno;           /* errno of the system call, or 0 */
    int tls_verify;         /* X509_V_ERR_* of the verification, or 0 */
    int tls_depth;          /* which certificate: 0 is the peer's own */
    int resolve_code;       /* EAI_* of getaddrinfo, or 0 */
    int retry_safe;         /* 1: sending it again does no harm: not seen, or idempotent */
    int attempts;           /* how many of attempt[] are filled */
    int64_t bytes_received; /* of the response; of its body once its head is complete */
    int64_t bytes_expected; /* how many there should have been; -1 when not known */
    char target[256];       /* the URL's host and port, or the file, that was asked for */
    char address[56];       /* the address in use, or "" */
    char tls_subject[192];  /* subject of the certificate that failed */
    skua_attempt attempt[SKUA_ERROR_ATTEMPTS]; /* each address that was tried, in order */
    char msg[512];  /* one line a person can act on: "tls: example.org: certificate has expired" */
    int maybe_seen; /* 1: some of the request left, so the peer may have acted on it */
    char reserved[60]; /* zero */
} skua_error;

/* Spell an error code as Python does: "BadStatusLine", "ConnectionRefusedError".
 *
 * Returns: the name; "UnknownError" for a number that is no code; "" for 0.
 * Owns: the string is static.
 * Thread: any.
 * Since: 0.1 */
SKUA_API const char *skua_error_name(int code);

/* Give the short text of an error code: "malformed status line".
 *
 * Returns: the text; "unknown error" for a number that is no code; "success" for 0.
 * Owns: the string is static.
 * Thread: any.
 * Since: 0.1 */
SKUA_API const char *skua_error_text(int code);

/* Tell the class of an error code.
 *
 * Returns: the class; SKUA_CLASS_NONE for 0 and for a number that is no code.
 * Thread: any.
 * Since: 0.1 */
SKUA_API skua_error_class skua_error_class_of(int code);

/* Spell a phase in lower case: "resolve", "tls", "recv"; "" for SKUA_PHASE_NONE.
 *
 * Returns: the name.
 * Owns: the string is static.
 * Thread: any.
 * Since: 0.1 */
SKUA_API const char *skua_phase_name(skua_phase phase);

/* Room for what skua_error_json writes, whatever the error. */
#define SKUA_ERROR_JSON_SIZE 10240

/* Write an error as JSON (RFC 8259): one object on one line, in ASCII, for logs and other programs.
 *
 * Always there: "name", as skua_error_name spells it; "constant", such as "SKUA_E_TIMEOUT"; "code";
 * "class" ("usage", "state", "memory", "resolve", "connect", "tls", "io", "protocol", "limit" or
 * "timeout"); "message"; "retry_safe" and "maybe_seen", true or false. Where they are known:
 * "phase", "target", "address", "errno", "resolve_code", "tls_verify" with "tls_depth",
 * "tls_subject", "bytes_received", "bytes_expected", and "attempts", an array of objects with
 * "address", "errno" and "elapsed_ms". Members may be added. Bytes that are no UTF-8 become U+FFFD.
 * For NULL and for a code of 0, the object is empty.
 *
 * Returns: the length of the text, as snprintf does: where it is not below cap, the text was cut,
 *          and is no JSON. What there is of it is terminated. SKUA_ERROR_JSON_SIZE always suffices.
 * Thread: any.
 * Since: 0.1 */
SKUA_API size_t skua_error_json(const skua_error *err, char *buf, size_t cap);

#ifdef __cplusplus
}
#endif
#endif
