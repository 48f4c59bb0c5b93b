/* skua/server.h - a server: listeners, routes, workers.
 *
 *     skua_server *s = skua_server_new(NULL, &err);
 *     skua_route(s, "GET /hello/{name}", hello, NULL);
 *     skua_server_listen(s, "http://127.0.0.1:8080", NULL);
 *     int rc = skua_server_run(s, &err);
 *     skua_server_free(s);
 */
#ifndef SKUA_SERVER_H
#define SKUA_SERVER_H

#include <skua/error.h>
#include <skua/reply.h>
#include <skua/request.h>
#include <skua/tls.h>
#include <skua/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A server. Set it up from one thread; then skua_server_run. */
typedef struct skua_server skua_server;

/* One finished exchange, for an access log. Strings live during the call. */
typedef struct skua_access {
    const char *client; /* "192.0.2.1:49152" */
    const char *method; /* "-" where the request could not be read */
    const char *target;
    int version;         /* 10, 11; 0 where the request could not be read */
    int status;          /* 499: the client went before there was one */
    int64_t body_bytes;  /* of the reply's body, sent or queued to be sent */
    int64_t duration_us; /* from the request's head to the end of its reply */
    int is_tls;
    const char *tls_version; /* "TLSv1.3"; NULL without TLS */
    const char *request_id;  /* as skua_request_id */
    const char *referer;     /* as it came, as target is; NULL: none */
    const char *user_agent;
    int cut; /* 1: the reply has not gone out whole */
} skua_access;

/* Called in a worker's thread after each exchange; several workers may call at the same time. */
typedef void skua_access_fn(void *user, const skua_access *a);

/* Called with one line about something that went wrong, in any of the server's threads, or in that
 * of who says it; several may call at the same time. */
typedef void skua_log_fn(void *user, const char *line);

/* How a line of the access log is written: as Apache's and nginx's "combined" and "common", where
 * times are UTC and the address has no port, or as an object of JSON with all of skua_access. In
 * each, bytes that are no printable ASCII, quotes and backslashes are escaped; long fields are cut,
 * and end with "..."; and "***" stands for what is secret in a URL: user information, and
 * parameters named like tokens, keys and passwords ("access_token", "sig", "code" and so on).
 * Credentials and cookies are never written. */
typedef enum skua_access_format {
    SKUA_ACCESS_COMBINED = 0, /* common, with Referer and User-Agent */
    SKUA_ACCESS_COMMON,
    SKUA_ACCESS_JSON
} skua_access_format;

/* Make the page of an error (status 400 to 599) that the server answers with, or that
 * skua_reply_send_error names: reply with skua_reply_bytes, skua_reply_text and so on, or do
 * nothing, and the server's own page goes out. `explain` may be NULL; like the request it is what
 * somebody else wrote: escape it. Of a request that could not be read nothing is known: its path is
 * NULL. Called in the thread that replies.
 *
 * Returns: 0, or a negative code: the connection is closed without a reply. */
typedef int skua_error_page_fn(skua_request *q, skua_reply *a, int status, const char *explain,
                               void *user);

/* Options of a server. Zero is the default in brackets; SKUA_FOREVER is no end.
 *
 * With `compress`, replies that handlers make are compressed where that is worth it and the
 * client's Accept-Encoding has it so (RFC 9110 12.5.3): at the same weight br goes before zstd, and
 * zstd before gzip. Whole replies get the length that comes of it, others are chunked. A strong
 * ETag becomes a weak one: compare If-None-Match without "W/". "Vary: Accept-Encoding" is added,
 * also where the client takes none. Events, and each write of a reply that was deferred or is made
 * on the pool, can be read at once; what skua_reply_stream takes, when the source has no more for
 * now. Left alone are files (see skua_dir_opts), ranges, replies with Content-Encoding, a digest
 * or "Cache-Control: no-transform", and routes with no_compress. It is done where the handler runs:
 * the pool is the place for large replies. */
typedef struct skua_server_opts {
    size_t size;
    int workers;                    /* loops, each in a thread [one per processor], at most 1024 */
    int64_t header_timeout_ms;      /* a head: from accept or its first byte to its end [10000] */
    int64_t body_timeout_ms;        /* between two arrivals of a request's body [30000] */
    int64_t write_timeout_ms;       /* in which a client takes nothing of a reply [30000] */
    int64_t idle_timeout_ms;        /* between two requests [75000] */
    int64_t tls_timeout_ms;         /* handshake [10000] */
    uint32_t line_max_bytes;        /* request line or one field [16384] */
    uint32_t head_max_bytes;        /* a whole head [65536] */
    uint32_t fields_max;            /* fields in a head [100], at most 65535 */
    int64_t body_max_bytes;         /* a request's body [1048576]; SKUA_FOREVER: 2000 MiB */
    const char *server_header;      /* value of Server [none is sent] */
    skua_access_fn *access;         /* NULL: none */
    skua_log_fn *log;               /* NULL: none */
    void *user;                     /* for these, and error_page */
    const skua_clock *clock;        /* NULL: the system's */
    int pool_threads;               /* for handlers that may block [16], at most 1024 */
    uint32_t pool_queue_max;        /* requests that wait for one of them; more are 503 [1024] */
    skua_error_page_fn *error_page; /* NULL: a small page of the server's own */
    int64_t drain_grace_ms;         /* of a drain, in which who is connected may still ask [500] */
    int64_t min_rate_bytes_per_s;   /* of a body that a client sends or takes [240] */
    int64_t min_rate_grace_ms;      /* on the average of each stretch of this length [20000] */
    uint32_t connections_max; /* at one time; more are answered 503 [as many as there can be] */
    uint32_t
        connections_per_address_max;  /* the same for an IPv4 address or IPv6 /64 [any number] */
    const char *access_log_file;      /* a line for each exchange is appended; "-": standard output
                                         [none] */
    skua_access_format access_format; /* of its lines [SKUA_ACCESS_COMBINED] */
    const char *error_log_file;    /* a line for all that went wrong; "-": standard error [none] */
    skua_log_level log_level;      /* of error_log_file and log [SKUA_LOG_INFO] */
    const char *request_id_header; /* a field of each reply with the request's id:
                                      "X-Request-Id" [none is sent] */
    int trust_request_id;          /* 1: take over an id that a request brings in that field, or
                                      in X-Request-Id: behind a proxy that sets it [0] */
    int compress;                  /* 1: replies are compressed with br, zstd or gzip, as the client
                                      accepts it and this build has it [0] */
    uint32_t compress_min_bytes;   /* shorter ones are not [1024] */
    const char *const *compress_types; /* media types, NULL at the end; "*" stands for any run of
                                          bytes, "*+json" for a suffix [all text types,
                                          "image/svg+xml", "application/json", "*+json",
                                          "application/javascript", "application/xml", "*+xml"] */
} skua_server_opts;

/* What goes for the files of a directory route that a pattern takes in. "*" stands for any run of
 * bytes, "?" for one, and ".css" is short for "*.css"; upper and lower case are alike. A pattern
 * with a "/" is held against the whole path below the route, where "*" takes in "/" as well, one
 * without against the file's name. The first that fits decides; a list ends with a NULL pattern. */
typedef struct skua_dir_rule {
    const char *pattern;
    const char *value;
} skua_dir_rule;

/* Options of a directory route. */
typedef struct skua_dir_opts {
    size_t size;
    const char *const *index;         /* files for a directory, NULL at the end
                                         ["index.html", "index.htm"] */
    const char *cache_control;        /* value of Cache-Control [none is sent] */
    const char *default_type;         /* of unknown endings ["application/octet-stream"] */
    int list;                         /* 1: show directories without an index file, as an HTML page
                                         or as JSON [0] */
    int precompressed;                /* 1: send "x.br", "x.zst" or "x.gz" in place of "x" to who
                                         accepts it [0] */
    int dotfiles;                     /* 1: show names that begin with "." [0] */
    const skua_dir_rule *types;       /* values of Content-Type, before the usual ones */
    const skua_dir_rule *cache_rules; /* values of Cache-Control, before cache_control */
    const skua_field *fields;         /* to be added to all that the route answers */
    const char *fallback;             /* a file below the directory, for paths that are not there
                                         and whose last segment has no "." [none]: for the pages of
                                         an application that makes up its paths in the browser */
    const char *not_found_page;       /* a file below the directory: the page of 404 [the
                                         server's] */
    int upload_form;                  /* 1: the HTML page of a listing has a form that posts files
                                         to the page's own path, as multipart/form-data, in fields
                                         named "file". A route of the program takes them: it sees to
                                         it that no page of another site has sent them [0] */
} skua_dir_opts;

/* Handle a request: called once, with the whole body at hand unless the route streams it. It must
 * not block unless the route is for the pool. A negative return (SKUA_E_*) makes the server answer
 * 500, as does returning without a reply. Both objects die at its return, or where
 * skua_reply_defer was called, with skua_reply_finish. */
typedef int skua_handler_fn(skua_request *q, skua_reply *a, void *user);

/* Where a handler runs. */
typedef enum skua_handler_kind {
    SKUA_HANDLER_INLINE = 0, /* on the loop: it must not block. While one does, who is connected to
                                that loop waits; newcomers go to the next loop */
    SKUA_HANDLER_POOL        /* on a thread of the pool: it may block, and so may its reading and
                                writing, which do not hold up the loop. Whoever sends a body slowly
                                holds the thread that reads it: from strangers, take large ones by
                                skua_request_on_body */
} skua_handler_kind;

/* Options of a route. Zero is the default in brackets; SKUA_FOREVER is no end. */
typedef struct skua_route_opts {
    size_t size;
    skua_handler_fn *fn;
    void *user;
    skua_handler_kind kind;
    int stream_body;              /* 1: fn is called when the head is there, and takes the body by
                                     skua_request_on_body or, on the pool, skua_request_read */
    int64_t body_max_bytes;       /* [the server's; none for a streamed body] */
    int64_t body_timeout_ms;      /* as the server's [the server's] */
    int64_t write_timeout_ms;     /* likewise */
    int64_t min_rate_bytes_per_s; /* likewise; event streams have none */
    int64_t exchange_timeout_ms; /* from the head to the end of the reply: 408 while the body comes,
                                    then 503 if no reply was begun, else it is cut [none] */
    int no_compress;             /* 1: its replies are not compressed: where one holds both a secret
                                    and what the client has chosen, its length gives away what the
                                    two have in common (BREACH) [0] */
} skua_route_opts;

/* Make a server. Its logs are opened here, and written by a thread of their own while it runs:
 * where they cannot be written, or not fast enough, lines are dropped, and the log says how many.
 * Nothing waits for them, but the end of skua_server_run, for a second.
 *
 * Returns: the server, or NULL: SKUA_E_INVALID_ARGUMENT, SKUA_E_NOMEM, SKUA_E_OS; for a log
 *          SKUA_E_FILE_NOT_FOUND or SKUA_E_PERMISSION as well.
 * Owns: the caller frees it with skua_server_free. Options are copied.
 * Thread: any.
 * Since: 0.1 */
SKUA_API skua_server *skua_server_new(const skua_server_opts *opts, skua_error *err);

/* Free a server that does not run. NULL is fine.
 *
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API void skua_server_free(skua_server *s);

/* Add a route: "METHOD /path", or "/path" for every method.
 *
 * A segment "{name}" takes one segment of the path, "{name...}" at the end takes all the rest, also
 * none. A path that ends with "/" takes all below it; "/x/{$}" takes "/x/" alone. The most specific
 * route wins, whatever the order: a literal segment over a parameter, a parameter over the rest.
 * The path of a request is parted at "/" first and then decoded, so "%2F" is a byte of a segment
 * and parts nothing. A path that climbs above its root with ".." is 400. A GET route answers HEAD
 * as well. A known path with another method is 405 with Allow, an unknown path 404. Two routes that
 * take the same requests are an error.
 *
 * Returns: 0, SKUA_E_INVALID_ARGUMENT (the message of skua_server_run names the route),
 *          SKUA_E_STATE while the server runs, SKUA_E_NOMEM. The first failure latches, and
 *          skua_server_run returns it.
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API int skua_route(skua_server *s, const char *pattern, skua_handler_fn *fn, void *user);

/* Add a route with options; the pattern is skua_route's. Where the pool's queue is full, its routes
 * answer 503 with Retry-After.
 *
 * Returns: as skua_route. Latches.
 * Owns: options are copied.
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API int skua_route_with(skua_server *s, const char *pattern, const skua_route_opts *opts);

/* Have fn called before the handler of each request whose path is below a prefix ("/" is all of
 * them), whether or not there is a route for it, in the order in which they were added; before its
 * body is read. If it begins a reply, or defers one, it has taken the request: nobody else is
 * called. It runs on the loop, and must not block.
 *
 * Returns: 0, SKUA_E_INVALID_ARGUMENT (a prefix that does not begin and end with "/"), SKUA_E_STATE
 *          while the server runs, SKUA_E_NOMEM. Latches.
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API int skua_server_before(skua_server *s, const char *prefix, skua_handler_fn *fn,
                                void *user);

/* Have fn called when the head of a final reply to a request below a prefix is about to go out,
 * whoever made it: it may add fields with skua_reply_send_header, and see skua_reply_status. A
 * negative return ends the reply as a handler's does. It is called in the thread that replies.
 *
 * Returns: as skua_server_before.
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API int skua_server_after(skua_server *s, const char *prefix, skua_handler_fn *fn, void *user);

/* Serve the files below a directory at a path that begins and ends with "/". GET and HEAD; media
 * types by ending; index files; ETag and Last-Modified with the preconditions of RFC 9110 13;
 * ranges, one or several, with If-Range (RFC 9110 14). A compressed file is sent in place of its
 * original where it is no older, and with an ETag of its own.
 *
 * A directory without its last "/" redirects to it, and so does the route's own path: "/static" to
 * "/static/", unless a route of the program is there. The directory is opened once, now: another
 * that takes its name later is not seen. Nothing outside it can be reached, whatever links it
 * holds. Names that begin with "." are not shown, but for "/.well-known" (RFC 8615). A listing
 * is HTML, or JSON for who prefers application/json; "?sort=name", size or date and "&order=asc" or
 * desc sort it. It is read on the pool, 503 where its queue is full, and says so where it stops, at
 * 5000 entries.
 *
 * Returns: 0, SKUA_E_FILE_NOT_FOUND, SKUA_E_PERMISSION, SKUA_E_OS, or as skua_route; latches.
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API int skua_route_dir(skua_server *s, const char *path, const char *dir,
                            const skua_dir_opts *opts);

/* Listen: "http://host:port", "https://host:port" (with tls), "unix:/path" or "unix:@name" (TLS if
 * tls is given). The host is an address or a name that resolves; "*" is all addresses; port 0 takes
 * a free one. The port is bound when the call returns.
 *
 * The file of a Unix socket takes the place of one that nobody listens on any more, and goes when
 * the server ends.
 *
 * Sockets that listen already: "fd:3" is that descriptor; "systemd:" all that a service manager has
 * handed to this process, "systemd:name" those of that name (LISTEN_FDS, LISTEN_PID,
 * LISTEN_FDNAMES); TLS if tls is given. They are the server's from then on. Who waits in their
 * queue when the server ends is left to whoever listens next.
 *
 * Returns: 0, SKUA_E_INVALID_URL, SKUA_E_ADDRESS_IN_USE, SKUA_E_PERMISSION, SKUA_E_RESOLVE,
 *          SKUA_E_OS, SKUA_E_NOMEM, SKUA_E_STATE while the server runs; where certificate or key do
 *          not load, SKUA_E_INVALID_ARGUMENT (none is given), SKUA_E_FILE_NOT_FOUND,
 *          SKUA_E_PERMISSION, SKUA_E_OS or SKUA_E_TLS, and the message names the file. Latches.
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API int skua_server_listen(skua_server *s, const char *where, const skua_tls_opts *tls);

/* Options of a listener. Zero is the default in brackets. */
typedef struct skua_listen_opts {
    size_t size;
    const skua_tls_opts *tls;        /* [plain, where the URL does not say https] */
    const char *proxy_protocol_from; /* "10.0.0.0/8, ::1, unix": connections from there begin with a
                                        PROXY protocol header, version 1 or 2, which says who the
                                        client is; it is due within header_timeout_ms [nobody] */
    unsigned unix_mode;              /* of a Unix socket's file, as 0660 [by the umask] */
} skua_listen_opts;

/* Listen with options; `where` is skua_server_listen's.
 *
 * Returns: as skua_server_listen; SKUA_E_INVALID_ARGUMENT for a list that is none.
 * Owns: options are copied.
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API int skua_server_listen_with(skua_server *s, const char *where,
                                     const skua_listen_opts *opts);

/* Give the URL of the index-th listener, the real port in it: "http://127.0.0.1:40123/".
 *
 * Returns: the URL; NULL when there is none of that index.
 * Owns: borrowed, until the server is freed.
 * Thread: any, once all listeners are there.
 * Since: 0.1 */
SKUA_API const char *skua_server_url(const skua_server *s, size_t index);

/* Read the files of all listeners' TLS settings again, now: certificates, keys, authorities,
 * staples, ticket keys. A listener takes all of its own or, where one cannot be used, none;
 * connections that are open keep what they began with. Files that change are noticed without it:
 * see skua_tls_opts.
 *
 * Returns: 0, or of the first listener that kept what it had: as skua_server_listen for files.
 * Thread: any, once all listeners are there.
 * Since: 0.1 */
SKUA_API int skua_server_reload(skua_server *s, skua_error *err);

/* Tell when a certificate of the index-th listener ends: 0 is the one of cert_file, then come those
 * of certs.
 *
 * Returns: seconds since 1970; a negative code: SKUA_E_INVALID_ARGUMENT where there is no such
 *          listener or certificate, SKUA_E_NOMEM.
 * Thread: any, once all listeners are there.
 * Since: 0.1 */
SKUA_API int64_t skua_server_certificate_expiry(const skua_server *s, size_t listener,
                                                size_t index);

/* Give the first failure that a route or listen call latched. skua_server_run returns the same.
 * Without a server, what skua_server_new wrote into the same err stands.
 *
 * Returns: 0 when there is none, or its code, with err filled. For NULL as skua_server_run.
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API int skua_server_check(const skua_server *s, skua_error *err);

/* Serve until skua_server_stop. Blocks; the calling thread is one of the workers, and holds SIGPIPE
 * back meanwhile. The others take no signals at all.
 *
 * Returns: 0 after a stop, or the first failure that a route or listen call latched,
 *          SKUA_E_STATE (no listener; it runs, or has run, already), SKUA_E_NOMEM, SKUA_E_OS. For
 *          NULL: what err already holds, where skua_server_new has filled it, else
 *          SKUA_E_INVALID_ARGUMENT.
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API int skua_server_run(skua_server *s, skua_error *err);

/* Serve in the caller's own loop: with one worker, and no thread but those of the pool. The caller
 * polls skua_server_fd for reading, at most skua_server_next_ms long, and then calls
 * skua_server_step:
 *
 *     skua_server_start(s, &err);
 *     while ((rc = skua_server_step(s, SKUA_FOREVER, &err)) > 0)
 *         ;
 *
 * All four, and skua_server_free, are called from one thread at a time.
 *
 * Returns: as skua_server_run.
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API int skua_server_start(skua_server *s, skua_error *err);

/* Give the descriptor that is readable when skua_server_step has something to do.
 *
 * Returns: the descriptor; -1 where the server was not started, has ended, or there is none here
 *          (a system without epoll: step it at short intervals).
 * Owns: borrowed, until the server has ended.
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API int skua_server_fd(const skua_server *s);

/* Tell after how many milliseconds skua_server_step has something to do even if the descriptor is
 * not readable.
 *
 * Returns: that; -1: there is no such time.
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API int64_t skua_server_next_ms(skua_server *s);

/* Do what there is to do, once. Waits for it at most max_wait_ms: 0 not at all, SKUA_FOREVER as
 * long as it takes.
 *
 * Returns: 1: go on; 0: the server has ended; SKUA_E_STATE (it was not started),
 *          SKUA_E_INVALID_ARGUMENT, SKUA_E_OS: it has ended, too.
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API int skua_server_step(skua_server *s, int64_t max_wait_ms, skua_error *err);

/* Make skua_server_run return: no more is accepted, replies under way are given up to one second
 * to leave, all connections are closed. A second call closes them at once. NULL is fine.
 *
 * Thread: any; also from a signal handler.
 * Since: 0.1 */
SKUA_API void skua_server_stop(skua_server *s);

/* Have the files of the logs opened again, under the names they were given: after they were moved
 * away. One that cannot be opened goes on as it was. NULL is fine.
 *
 * Thread: any, until the server is freed; also from a signal handler.
 * Since: 0.1 */
SKUA_API void skua_server_reopen_logs(skua_server *s);

/* Write a line, formatted as printf does, into the error log, and tell it to the option log: of
 * what the program itself meets. It is cut at 511 bytes; control characters are escaped. While the
 * server does not run it is written at once, else by the logs' thread: a line that finds no room is
 * dropped, and counted. NULL is fine. skua_request_log says whose request it is about.
 *
 * Thread: any, until the server is freed.
 * Since: 0.1 */
SKUA_API void skua_server_log(skua_server *s, skua_log_level level, const char *fmt, ...)
    SKUA_PRINTF(3, 4);

/* What a server has counted since it was made. A program that knows fewer fields gets those. */
typedef struct skua_server_stats {
    size_t size;                   /* set by the caller to sizeof(skua_server_stats) */
    uint64_t connections;          /* accepted */
    uint64_t connections_open;     /* now */
    uint64_t turned_away;          /* connections, since there were enough */
    uint64_t requests;             /* whose head could be read */
    uint64_t access_lines_dropped; /* of access_log_file */
    uint64_t error_lines_dropped;  /* of error_log_file */
} skua_server_stats;

/* Tell what a server has counted. It holds nobody up; what its workers count meanwhile is in it or
 * not. NULL for the server gives zeros.
 *
 * Thread: any, until the server is freed.
 * Since: 0.1 */
SKUA_API void skua_server_statistics(const skua_server *s, skua_server_stats *out);

/* What became of what was under way when a drain began. */
typedef struct skua_drain_report {
    size_t size;          /* set by the caller to sizeof(skua_drain_report) */
    uint64_t finished;    /* requests that were answered since */
    uint64_t cut;         /* requests that were not, or whose replies have not left whole */
    uint64_t closed_idle; /* connections that were closed without a request */
} skua_drain_report;

/* Make skua_server_run return without losing a request, and wait until all are done.
 *
 * Nobody new is let in, and whoever is connecting is still accepted. For a moment (drain_grace_ms)
 * connections may send a request, which may be on its way; those that have not are then closed. All
 * requests are answered, deferred ones and those on the pool as well, and told that the connection
 * ends ("Connection: close"). Event streams, whose clients come back by themselves, are told that
 * their client has gone, and end after the same moment. What is not done within deadline_ms [30000]
 * is cut; a handler that blocks a loop holds it up. After it, skua_server_stop cuts short.
 *
 * `out` may be NULL. If the server does not run yet, it returns at once, and so will
 * skua_server_run.
 *
 * A handler calls skua_server_begin_drain instead: on the loop this one is refused, and on the pool
 * it would wait for the handler's own reply.
 *
 * Returns: 0; SKUA_E_TIMEOUT: some requests were cut, and *out is filled; SKUA_E_STATE in a
 *          worker's thread; SKUA_E_INVALID_ARGUMENT.
 * Thread: any, until the server is freed.
 * Since: 0.1 */
SKUA_API int skua_server_drain(skua_server *s, int64_t deadline_ms, skua_drain_report *out);

/* Begin the same without waiting; skua_server_run returns when it is done. NULL is fine.
 *
 * Thread: any; also from a signal handler.
 * Since: 0.1 */
SKUA_API void skua_server_begin_drain(skua_server *s, int64_t deadline_ms);

#ifdef __cplusplus
}
#endif
#endif
