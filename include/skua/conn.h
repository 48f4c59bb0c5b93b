/* skua/conn.h - one connection to one server, step by step or a request at a time.
 *
 *     skua_conn *c = skua_conn_new("https://example.org", NULL, &err);
 *     skua_conn_request(c, "GET", "/", NULL, NULL, 0, &err);
 *     skua_response *r = skua_conn_getresponse(c, &err);
 */
#ifndef SKUA_CONN_H
#define SKUA_CONN_H

#include <skua/error.h>
#include <skua/response.h>
#include <skua/stream.h>
#include <skua/tls.h>
#include <skua/types.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A connection object. It connects when it is first needed, and again after it was closed. */
typedef struct skua_conn skua_conn;

/* What a trace line is about. */
typedef enum skua_trace_kind {
    SKUA_TRACE_INFO = '*',    /* what is being done: resolving, connecting, TLS version */
    SKUA_TRACE_SEND = '>',    /* a line of a head that was sent */
    SKUA_TRACE_RECV = '<',    /* a line of a head that was received */
    SKUA_TRACE_WARNING = '!', /* something a person should know: verification is off */
    SKUA_TRACE_TLS = '#',     /* what the handshake settled, certificates, session tickets */
    SKUA_TRACE_TIMING = '@'   /* that a phase is over: "head at 12.345 ms" since the call began */
} skua_trace_kind;

/* Called with one line, not terminated by a line end. Values of Authorization,
 * Proxy-Authorization, Cookie, Set-Cookie and fields marked SKUA_FIELD_SECRET are masked, and so is
 * what stands before the '@' in a URL. */
typedef void skua_trace_fn(void *user, skua_trace_kind kind, const char *line, size_t len);

/* Connect to `address` wherever a URL says host and port (curl's --resolve). */
typedef struct skua_resolve_entry {
    const char *host;    /* NULL ends a list; compared without case; "*" is any host */
    int port;            /* 0: any */
    const char *address; /* digits; several, comma-separated, are raced; brackets are fine */
} skua_resolve_entry;

/* Which addresses may be connected to. Checked on each address that is about to be dialled, so that
 * a name which resolves to something else than expected leads nowhere. */
typedef enum skua_network_policy {
    SKUA_NET_ANY = 0,
    SKUA_NET_PUBLIC_ONLY /* no loopback, private, link-local, shared, multicast or reserved address
                            (RFC 6890), nor one that embeds such; no Unix socket */
} skua_network_policy;

/* Options of a connection. Zero is the default that stands in brackets; SKUA_FOREVER is no end. */
typedef struct skua_conn_opts {
    size_t size;
    int64_t timeout_ms; /* each call that does I/O, as a whole [none; its phases are bounded] */
    int64_t resolve_timeout_ms;    /* [5000] */
    int64_t connect_timeout_ms;    /* all addresses together; and again for what a proxy says to
                                      CONNECT [10000] */
    int64_t tls_timeout_ms;        /* each handshake [10000] */
    int64_t establish_timeout_ms;  /* these three together [none: each has its own] */
    int64_t first_byte_timeout_ms; /* from a request's end to its response's beginning [60000] */
    int64_t idle_timeout_ms;    /* between two arrivals, or two sends that make progress [30000] */
    int64_t deadline_ms;        /* over everything this object does, from its making on [none] */
    uint32_t line_max_bytes;    /* status line or one field [65536] */
    uint32_t head_max_bytes;    /* a whole head [262144] */
    uint32_t fields_max;        /* fields in a head [100], at most 65535 */
    int ip_version;             /* 4, 6 or [either] */
    const char *source_address; /* connect from this address, digits, [the system's choice] */
    const skua_resolve_entry *resolve; /* overrides; NULL: none */
    const skua_tls_opts *tls;          /* NULL: verified against the system's store */
    const char *user_agent;            /* [none is sent] */
    skua_trace_fn *trace;              /* NULL: none */
    void *trace_user;
    const skua_clock *clock;       /* NULL: the system's; must outlive the connection */
    skua_stream *stream;           /* a connected stream to use in place of dialling, be it to the
                                      proxy; the connection then owns it, and cannot reconnect */
    int64_t continue_timeout_ms;   /* how long Expect: 100-continue waits for a word [1000] */
    int64_t keep_alive_timeout_ms; /* a connection idle for longer is not used again [60000, and a
                                      second less than the peer's Keep-Alive: timeout says] */
    int64_t drain_timeout_ms;      /* what an unread body may take to be dropped [50] */
    uint32_t drain_max_bytes;      /* what is dropped of it at most [262144] */
    int decode; /* 1: ask for the content codings of this build and decode them [raw bytes] */
    uint32_t decoded_ratio_max; /* decoded bytes for each that came, past 1 MiB [200] */
    int64_t decoded_max_bytes;  /* of a decoded body [none; skua_response_read_all has its own] */
    const char *proxy;  /* "[http://][user:password@]host[:port]" or "https://...", by default at
                           the scheme's port [none]; "": none, whatever the environment says. https
                           goes through a tunnel (CONNECT), http as requests to the proxy. User and
                           password are percent-decoded, and only the proxy is sent them */
    int proxy_from_env; /* 1: where proxy is NULL, skua_proxy_for_url decides, when the connection
                           object is made; if for none, a request's Proxy-Authorization is not
                           sent */
    int proxy_tunnel;   /* 1: CONNECT for http URLs too */
    const skua_field *proxy_fields; /* sent to the proxy alone; NULL: none */
    const skua_tls_opts *proxy_tls; /* to an https proxy; NULL: verified as any server */
    skua_network_policy network; /* [SKUA_NET_ANY]. With a proxy it holds for the proxy's address;
                                    what the proxy connects to is the proxy's affair. A stream that
                                    is given is not asked where it leads */
    int debuglevel; /* what is traced: 1 heads and what is done; 2 TLS and timing as well [2 where
                       there is a trace, else nothing]. Without a trace, to standard error */
    const char *unix_socket; /* connect to this Unix socket whatever the URL's host says: a path, or
                                "@name" in the abstract name space [none]. With proxy: refused */
} skua_conn_opts;

/* Where the bytes of a request's body come from. */
typedef enum skua_body_kind {
    SKUA_BODY_NONE = 0,
    SKUA_BODY_BYTES,   /* data, len bytes */
    SKUA_BODY_FD,      /* a file descriptor, from where it stands */
    SKUA_BODY_FILE,    /* a FILE, the same */
    SKUA_BODY_CALLBACK /* read, called until the body is at its end */
} skua_body_kind;

/* The length of a body that nobody knows before its end. */
#define SKUA_LENGTH_UNKNOWN (-1)

/* Put bytes into buf, at most cap (which is above 0), and return their number; 0 is the end;
 * negative stops: the request fails with SKUA_E_CANCELLED. */
typedef ptrdiff_t skua_body_fn(void *buf, size_t cap, void *user);

/* Go back to the body's beginning. 0, or negative where it cannot. */
typedef int skua_body_rewind_fn(void *user);

/* A request's body that need not lie in memory. A source that ends before its len is
 * SKUA_E_INCOMPLETE_READ, and the connection is closed; of one with more only len bytes are taken.
 *
 * A body that can be sent twice is BYTES; FD and FILE that can seek, from the offset they stood at;
 * CALLBACK with a rewind. */
typedef struct skua_body {
    size_t size;
    skua_body_kind kind;
    const void *data;
    int64_t len; /* BYTES: how many. Else how many there will be; 0: not known: a regular file's
                    rest, and where there is none, chunked */
    int fd;
    FILE *file;
    skua_body_fn *read;
    skua_body_rewind_fn *rewind; /* NULL: it cannot */
    void *user;
} skua_body;

/* What a connection object has done since it was made. */
typedef struct skua_conn_stats {
    size_t size;            /* set by the caller to sizeof(skua_conn_stats) */
    uint64_t requests;      /* sent, or begun to be sent */
    uint64_t responses;     /* whose head has come */
    uint64_t connects;      /* connections made */
    uint64_t reused;        /* responses that came over a kept connection */
    uint64_t stale;         /* kept connections found closed, or talking, before they were used */
    uint64_t aged;          /* kept connections found idle for too long */
    uint64_t replayed;      /* requests sent once more: the kept connection was dead */
    uint64_t drained;       /* responses freed unread whose rest was dropped, the connection kept */
    uint64_t drained_bytes; /* how much of bodies was dropped for it */
    uint64_t dropped;       /* responses freed unread with which the connection was closed */
    uint64_t sent_bytes;    /* over all its connections, as the stream carries them */
    uint64_t received_bytes;
} skua_conn_stats;

/* Make a connection object for a server. Nothing is connected and nothing resolved yet.
 *
 * `where` is "http://host:port", "https://host", or without a scheme, as http.client has it,
 * "host", "host:port", "host:" or "[v6]:port", which mean http. A path behind it is refused.
 * "unix:/path/to/socket" speaks http over a Unix socket.
 *
 * Returns: the connection, or NULL: SKUA_E_INVALID_URL (also for a bad port),
 *          SKUA_E_INVALID_ARGUMENT, SKUA_E_UNSUPPORTED (a proxy that is neither http nor https),
 *          SKUA_E_NOMEM; where certificates do not load,
 *          SKUA_E_FILE_NOT_FOUND, SKUA_E_PERMISSION, SKUA_E_OS or SKUA_E_TLS, and the message names
 *          the file.
 * Owns: the caller frees it with skua_conn_free. Options are copied; a stream among them is the
 *       connection's if there is one, else it stays the caller's.
 * Thread: any; then one at a time.
 * Since: 0.1 */
SKUA_API skua_conn *skua_conn_new(const char *where, const skua_conn_opts *opts, skua_error *err);

/* Free a connection object, closing it. A response that was not read to its end fails from then
 * on with SKUA_E_NOT_CONNECTED; it is still to be freed. NULL is fine.
 *
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API void skua_conn_free(skua_conn *c);

/* Connect now: resolve, race the addresses (RFC 8305), pass a proxy, shake hands. Calls that send
 * do it by themselves. A message names the hop that failed: the host, or "proxy HOST".
 *
 * Returns: 0 (also when connected already), or SKUA_E_RESOLVE, SKUA_E_CONNECTION_REFUSED,
 *          SKUA_E_CONNECT, SKUA_E_NETWORK_POLICY (the option network), SKUA_E_TIMEOUT,
 *          SKUA_E_TLS_CERTIFICATE, SKUA_E_TLS, SKUA_E_TLS_EOF or SKUA_E_CONNECTION_RESET (within
 *          the handshake), SKUA_E_TUNNEL (the proxy refused, with which status the message says),
 *          SKUA_E_REMOTE_DISCONNECTED (the proxy closed without an answer) or for its answer what
 *          skua_conn_getresponse says of a head, SKUA_E_NOT_CONNECTED (the stream that was given is
 *          used up), SKUA_E_INVALID_URL (port 0), SKUA_E_OS, SKUA_E_NOMEM.
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API int skua_conn_connect(skua_conn *c, skua_error *err);

/* Close the connection and forget a request under way. The object can be used again.
 *
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API void skua_conn_close(skua_conn *c);

/* Send a whole request: putrequest, putheader for each field, endheaders with the body.
 *
 * A Content-Length is added when the body is known: its length; 0 for PUT, POST and PATCH without
 * body; nothing for other methods without one. The caller's own Host, Accept-Encoding,
 * Content-Length or Transfer-Encoding wins. With "Transfer-Encoding: chunked" among the fields the
 * body is sent as one chunk. Without a body here, one that a field announces comes by
 * skua_conn_send.
 *
 * A kept connection that the peer has closed meanwhile is replaced. Where it proves dead only after
 * sending, without a byte of an answer, the request is sent once more on a new one: GET, HEAD,
 * OPTIONS, PUT, DELETE and TRACE (RFC 9110 9.2.2), and others of which nothing had left. When that
 * shows only in skua_conn_getresponse, a body of up to 64 KiB has been kept for it; a larger one is
 * the caller's again (skua_conn_request_body borrows it for longer). A peer that answers before it
 * has the whole body is heard: the rest stays unsent, and this returns 0
 * (skua_response_upload_cut). A request that failed is forgotten; skua_conn_getresponse gives its
 * error once more.
 *
 * Returns: 0, or SKUA_E_CANNOT_SEND_REQUEST (another one has not been answered; nothing has
 *          happened), SKUA_E_INVALID_ARGUMENT (bad method, target or field; nothing has been
 *          sent), or as skua_conn_connect and skua_conn_send.
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API int skua_conn_request(skua_conn *c, const char *method, const char *target,
                               const skua_field *fields, const void *body, size_t body_len,
                               skua_error *err);

/* Send a whole request with a body from anywhere, which is sent as it is read. What has no known
 * length is chunked: each read of a pipe, a socket or a callback is a chunk, sent at once.
 *
 * Reading a FILE or calling back takes the time it takes; a descriptor is waited for as long as
 * this call may last. An answer that comes early is noticed between two reads. When reading fails,
 * or a callback stops, the connection is closed: the peer has half a request.
 *
 * `body` is copied, but not what it points to or names: that must stay until skua_conn_getresponse
 * has returned, since it may be sent once more. NULL, or kind SKUA_BODY_NONE, is no body.
 *
 * Returns: as skua_conn_request, and SKUA_E_CANCELLED (the callback stopped), SKUA_E_OS (reading
 *          failed: "request body: ..."), SKUA_E_INCOMPLETE_READ with phase send (it ended before
 *          its length).
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API int skua_conn_request_body(skua_conn *c, const char *method, const char *target,
                                    const skua_field *fields, const skua_body *body,
                                    skua_error *err);

/* Begin a request. The method is a token, the target holds no control character and no space
 * (RFC 9112 3); Host and "Accept-Encoding: identity" are added unless putheader brings them;
 * with decode, Accept-Encoding names the codings of this build.
 * A target that is an absolute URL or "*" is sent as it is; an empty one is "/".
 *
 * putrequest, putheader, endheaders, send and sendtrailers latch: the first thing that is wrong
 * with the request, or with sending it, is kept, later calls give it again and do nothing, and
 * skua_conn_getresponse reports it whole. So the code in between is a straight line. A refusal
 * because of the state (SKUA_E_CANNOT_SEND_REQUEST, SKUA_E_CANNOT_SEND_HEADER, body bytes before a
 * head was ended) is not kept: it changes nothing. A NULL connection is SKUA_E_INVALID_ARGUMENT in
 * all of them; so where only the outcome of skua_conn_getresponse is looked at, a skua_conn_new
 * that failed is not lost either.
 *
 * Returns: 0, SKUA_E_CANNOT_SEND_REQUEST (another request has not been answered),
 *          SKUA_E_INVALID_ARGUMENT or SKUA_E_NOMEM.
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API int skua_conn_putrequest(skua_conn *c, const char *method, const char *target);

/* Add a field to the request that was begun. CR, LF, NUL and other control characters in the
 * value, and a name that is no token, are refused (RFC 9110 5.1, 5.5). A value of NULL leaves out
 * what would be added by itself under that name: Host, Accept-Encoding, User-Agent or
 * Content-Length (http.client's skip_host and skip_accept_encoding); under any other name it is
 * refused. The same holds for the fields of skua_conn_request.
 *
 * Returns: 0, SKUA_E_CANNOT_SEND_HEADER (no request was begun), SKUA_E_INVALID_ARGUMENT,
 *          SKUA_E_BAD_CONTENT_LENGTH, SKUA_E_BAD_FRAMING or SKUA_E_NOMEM.
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API int skua_conn_putheader(skua_conn *c, const char *name, const char *value);

/* Add a field whose value is a secret: traces mask it, as they do that of a skua_field with
 * SKUA_FIELD_SECRET.
 *
 * Returns: as skua_conn_putheader.
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API int skua_conn_putheader_secret(skua_conn *c, const char *name, const char *value);

/* Add a field with several values, joined with ", " (RFC 9110 5.3): for fields that are lists.
 * `values` ends with NULL and holds one at least.
 *
 * Returns: as skua_conn_putheader.
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API int skua_conn_putheader_values(skua_conn *c, const char *name, const char *const *values);

/* End the head. It is sent at once when no body follows or the request expects 100-continue;
 * otherwise it leaves in one write with the first skua_conn_send, or with skua_conn_getresponse.
 *
 * Returns: 0, what putrequest or putheader latched (nothing has been sent), or
 *          SKUA_E_CANNOT_SEND_HEADER, or as skua_conn_send.
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API int skua_conn_endheaders(skua_conn *c);

/* Send body bytes. A chunked request frames each call as one chunk. A body ends when its
 * Content-Length is reached, or, chunked, with skua_conn_getresponse. A request that expects
 * 100-continue has its first bytes wait for the peer's word, a second at most (RFC 9110 10.1.1).
 *
 * Returns: 0, or SKUA_E_IMPROPER_CONNECTION_STATE (no head was ended, or more than was announced),
 *          SKUA_E_TIMEOUT, SKUA_E_BROKEN_PIPE or SKUA_E_CONNECTION_RESET (a response may have
 *          come all the same: skua_conn_getresponse looks), SKUA_E_TLS, or as skua_conn_connect.
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API int skua_conn_send(skua_conn *c, const void *data, size_t len);

/* Send body bytes from a descriptor: `len` of them, or with 0 all to its end. It is read from where
 * it stands, and stands behind what was sent afterwards. A large file over plain TCP goes by
 * sendfile.
 *
 * Returns: as skua_conn_send, and SKUA_E_OS (reading failed), SKUA_E_INCOMPLETE_READ with phase
 *          send (it ended before len).
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API int skua_conn_send_fd(skua_conn *c, int fd, int64_t len);

/* Send body bytes from a FILE, to its end.
 *
 * Returns: as skua_conn_send_fd.
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API int skua_conn_send_file(skua_conn *c, FILE *file);

/* End a chunked body with trailer fields (RFC 9110 6.5); NULL or an empty list only ends it. Fields
 * that frame, route or guard a message are refused (RFC 9110 6.5.1).
 *
 * Returns: 0, or as skua_conn_send; SKUA_E_IMPROPER_CONNECTION_STATE also where the body is not
 *          chunked or has been ended, SKUA_E_INVALID_ARGUMENT for a field that cannot be a trailer.
 *          Latches as skua_conn_send does.
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API int skua_conn_sendtrailers(skua_conn *c, const skua_field *fields);

/* Wait for the response to the request that was sent. What an earlier step latched is reported
 * here, unless the peer has answered all the same. Interim responses (1xx) are passed over and
 * kept in the response. An earlier response must have been read to its end or freed. Where the
 * response ends the connection, its body is read beside this object, whose next request connects
 * anew.
 *
 * Returns: the response, or NULL: what an earlier step latched, SKUA_E_RESPONSE_NOT_READY,
 *          SKUA_E_NOT_CONNECTED (closed with an earlier response), SKUA_E_REMOTE_DISCONNECTED
 *          (closed without a byte), SKUA_E_BAD_STATUS_LINE, SKUA_E_UNKNOWN_PROTOCOL,
 *          SKUA_E_LINE_TOO_LONG,
 *          SKUA_E_FIELD_TOO_LONG, SKUA_E_HEAD_TOO_LARGE, SKUA_E_TOO_MANY_FIELDS, SKUA_E_BAD_FIELD,
 *          SKUA_E_BAD_LINE_END, SKUA_E_BAD_CONTENT_LENGTH, SKUA_E_BAD_FRAMING,
 *          SKUA_E_UNKNOWN_TRANSFER_ENCODING, SKUA_E_INCOMPLETE_READ (closed within the head),
 *          SKUA_E_TIMEOUT, SKUA_E_TLS (an alert), SKUA_E_CONNECTION_RESET, SKUA_E_NOMEM. For a
 *          NULL connection: what err already holds, where skua_conn_new has filled it, else
 *          SKUA_E_INVALID_ARGUMENT. So with skua_conn_connect and skua_conn_request.
 * Owns: the caller frees it with skua_response_free.
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API skua_response *skua_conn_getresponse(skua_conn *c, skua_error *err);

/* Lead a connection through a tunnel: the host that it was made for is then a proxy, which is asked
 * with CONNECT (RFC 9110 9.3.6) for the way to `where`: "host", "host:port" or "[v6]:port", by
 * default the port of the connection's scheme. As in http.client the proxy itself is spoken to in
 * the clear; TLS, on a connection that was made with https, begins within the tunnel, with `where`.
 * For a proxy that speaks TLS there is the option proxy.
 *
 * CONNECT carries Host (unless `fields` have one), the option user_agent, the options' proxy_fields
 * and `fields`, which end with a NULL name; NULL is none. Nothing that a request says to its origin
 * goes into it, with one exception: a Proxy-Authorization in a request is for the proxy. It goes
 * into CONNECT, if that is still to come, and never into the tunnel. Connecting again asks for the
 * tunnel again. How long the answer may take is what connect_timeout_ms says, anew.
 *
 * Returns: 0, SKUA_E_IMPROPER_CONNECTION_STATE (connected already), SKUA_E_INVALID_URL,
 *          SKUA_E_INVALID_ARGUMENT (a field that is none, or frames a message; the option proxy is
 *          set) or SKUA_E_NOMEM.
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API int skua_conn_set_tunnel(skua_conn *c, const char *where, const skua_field *fields,
                                  skua_error *err);

/* Give the status of the proxy's answer to CONNECT, be it skua_conn_set_tunnel's or that of the
 * option proxy. After a refusal (SKUA_E_TUNNEL) it is there, too.
 *
 * Returns: 200..999; 0 before there was an answer, without a tunnel, and for NULL.
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API int skua_conn_tunnel_status(const skua_conn *c);

/* Give the fields of that answer.
 *
 * Returns: an array that ends with a NULL name; never NULL. *count, where asked for, is its length.
 * Owns: borrowed, until the object connects again or is freed.
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API const skua_field *skua_conn_tunnel_headers(const skua_conn *c, size_t *count);

/* Tell which addresses were tried when the object last connected, in the order in which that began,
 * also where it succeeded. os_errno is 0 for the one that was connected, and for those it overtook;
 * EACCES where the option network forbids the address.
 *
 * Returns: how many of out, which has room for cap, were filled; 0 before, and for NULL.
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API int skua_conn_attempts(const skua_conn *c, skua_attempt *out, int cap);

/* Say which proxy the environment names for a URL: what a connection uses whose option
 * proxy_from_env is 1.
 *
 * For http it is the first that is set of http_proxy, HTTP_PROXY, all_proxy and ALL_PROXY, for
 * https of https_proxy, HTTPS_PROXY and the same; an empty variable is as good as none. HTTP_PROXY
 * does not count where REQUEST_METHOD is set: there a CGI server may have made it from a request's
 * field. None is used for what no_proxy, else NO_PROXY, covers: a list, separated by commas or
 * blanks, of names (which cover those below them as well, with a dot in front or without),
 * addresses, blocks such as 10.0.0.0/8, each of them with a :port or without, and "*" for all.
 * Nothing is read where the process has more rights than its user (secure_getenv).
 *
 * `proxy` gets the variable's value, which may hold a password, or "" for none; `rule` gets what
 * decided, for people: "https_proxy is set". It is cut to rule_cap. Each may be NULL.
 *
 * Returns: 0, SKUA_E_INVALID_URL, SKUA_E_INVALID_ARGUMENT (no URL, or proxy_cap is too small) or
 *          SKUA_E_NOMEM.
 * Thread: any, while nobody changes the environment.
 * Since: 0.1 */
SKUA_API int skua_proxy_for_url(const char *url, char *proxy, size_t proxy_cap, char *rule,
                                size_t rule_cap, skua_error *err);

/* Begin the time anew that deadline_ms of the options set: over everything this object does from
 * now on, the reading of a response that it gave included. For a kept connection whose requests
 * have a deadline each. 0 or SKUA_FOREVER: there is none.
 *
 * Returns: 0, or SKUA_E_INVALID_ARGUMENT for NULL and for another negative number.
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API int skua_conn_set_deadline(skua_conn *c, int64_t deadline_ms);

/* Choose how much is traced, from now on: 0 nothing; 1 heads and what is done; 2 TLS and timing as
 * well. Without a trace among the options the lines go to standard error, each behind its kind:
 * "> GET / HTTP/1.1". That is the one thing the library ever prints. NULL is fine.
 *
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API void skua_conn_set_debuglevel(skua_conn *c, int level);

/* Describe the stream under a connection: addresses, TLS version, cipher, peer certificate.
 *
 * Returns: 0, SKUA_E_NOT_CONNECTED, or SKUA_E_INVALID_ARGUMENT for NULL.
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API int skua_conn_info(skua_conn *c, skua_stream_info *out);

/* Describe a certificate of the chain that the peer has sent, whether or not it was verified: 0 is
 * the peer's own, 1 whose key signed that, and so on, as far as the peer sends them. Where an
 * earlier TLS session was resumed they are those of that session; where an https proxy forwards,
 * they are the proxy's. To be asked while the connection is open: after skua_conn_connect, say.
 *
 * Returns: 0 and *out, SKUA_E_NOT_CONNECTED, SKUA_E_INVALID_ARGUMENT (past the end of the chain, no
 *          TLS, NULL, *out without its size) or SKUA_E_NOMEM.
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API int skua_conn_certificate(skua_conn *c, size_t index, skua_certificate *out);

/* Copy such a certificate as it was sent (DER).
 *
 * Returns: its length; it is in buf if that is at most cap. Or an error as for
 *          skua_conn_certificate.
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API ptrdiff_t skua_conn_certificate_der(skua_conn *c, size_t index, void *buf, size_t cap);

/* Tell what a connection object has done: how often it connected, what it could use again and why
 * not, what became of responses that were freed unread. out->size says how much of the struct the
 * caller knows; NULL for the connection gives zeros.
 *
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API void skua_conn_statistics(const skua_conn *c, skua_conn_stats *out);

/* Tell how far the exchange under way, or the last one that failed, has come. For a report on a
 * request that brought no response.
 *
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API void skua_conn_timings(const skua_conn *c, skua_timings *out);

#ifdef __cplusplus
}
#endif
#endif
