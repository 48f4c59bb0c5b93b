/* sys/socket.h - addresses and sockets. All sockets are close-on-exec, and non-blocking unless
 * sk_socket_let_wait says otherwise; no call raises SIGPIPE. */
#ifndef SK_SYS_SOCKET_H
#define SK_SYS_SOCKET_H

#include <skua/error.h>
#include <skua/types.h>
#include <stdbool.h>
#include <sys/socket.h>

#define SK_ADDR_TEXT 56 /* room for "[v6%scope]:port"; a longer text is cut */

typedef struct sk_addr {
    socklen_t len;
    struct sockaddr_storage ss;
} sk_addr;

/* An address from digits: "127.0.0.1", "::1", "fe80::1%eth0". False for a name. */
bool sk_addr_parse(skua_str host, int port, sk_addr *out);
/* SKUA_E_INVALID_ARGUMENT when the path is too long or empty. "@name" is the abstract name space.
 */
int sk_addr_unix(skua_str path, sk_addr *out);
/* "127.0.0.1:80", "[::1]:80", "unix:/path", "unix:@abstract"; "" for anything else. An IPv4 peer
 * of a socket that serves both families shows as IPv4. */
void sk_addr_format(const struct sockaddr *sa, socklen_t len, char out[SK_ADDR_TEXT]);
/* The address alone, in network byte order. Returns its length: 4, 16, or 0 for a Unix socket. */
size_t sk_addr_bytes(const sk_addr *a, unsigned char out[16]);
/* Do two such agree in their first bits? */
bool sk_addr_same_prefix(const unsigned char *a, const unsigned char *b, size_t bits);
/* The other way round: len is 4 or 16. */
void sk_addr_from_bytes(const unsigned char *bytes, size_t len, int port, sk_addr *out);
int sk_addr_port(const sk_addr *a); /* 0 for a Unix socket */
void sk_addr_set_port(sk_addr *a, int port);

/* Make a socket and begin to connect it, TCP_NODELAY and keep-alive set. `from` may be NULL.
 * Returns: the descriptor, or -errno. *done tells whether it is connected already. */
int sk_socket_connect(const sk_addr *to, const sk_addr *from, bool *done);
/* 0 when it is connected, EINPROGRESS while it is not yet, else the errno of the connect. */
int sk_socket_connect_result(int fd);

typedef struct sk_listen_opts {
    int backlog;
    bool reuse_port;   /* several listeners share the port (SO_REUSEPORT) */
    bool v6_only;      /* "[::]" without IPv4 */
    int defer_seconds; /* TCP_DEFER_ACCEPT; 0 is off */
    unsigned mode;     /* of a Unix socket's file; 0: what the process gives files */
} sk_listen_opts;
/* The file of a Unix socket. */
typedef struct sk_socket_file {
    char path[108]; /* "": there is none */
    uint64_t device;
    uint64_t inode;
} sk_socket_file;
/* Note which file a socket that listens there has; an abstract name has none. */
void sk_socket_file_note(sk_socket_file *f, const sk_addr *at);
/* Remove it, unless another has taken its place. */
void sk_socket_file_remove(sk_socket_file *f);
/* Take over a socket that listens already. 0, or -errno: -EINVAL where it does not, -ENOTSOCK. */
int sk_socket_adopt(int fd);

/* Bind and listen. A stale Unix socket file (nobody answers) is replaced; any other file is not.
 * Returns: the descriptor, or -errno. */
int sk_socket_listen(const sk_addr *at, const sk_listen_opts *opts);
/* The same socket under another number. Returns: the descriptor, or -errno. */
int sk_socket_dup(int fd);
/* Returns: the descriptor, or -errno. Peers that were gone before they were accepted are passed
 * over. `peer` may be NULL. */
int sk_socket_accept(int fd, sk_addr *peer);
/* Let nobody new into a listener's queue. Returns whether some may yet come, for a moment: who has
 * begun to connect. Over TCP the others are not answered, and try again. For a socket that no other
 * process accepts from. */
bool sk_socket_let_none_in(int fd);
int sk_socket_local(int fd, sk_addr *out); /* 0 or -errno */
int sk_socket_peer(int fd, sk_addr *out);

/* recv; send of pieces; sendfile. Returns: bytes, or -errno (-EAGAIN). EINTR is retried. A send may
 * take only some of the pieces. */
ptrdiff_t sk_socket_recv(int fd, void *buf, size_t len);
ptrdiff_t sk_socket_peek(int fd, void *buf, size_t len); /* they stay, to be read again */
/* As sk_socket_recv, but of a socket that was let wait: -EAGAIN once its time is over, or when a
 * signal comes. */
ptrdiff_t sk_socket_recv_waiting(int fd, void *buf, size_t len);
/* Make a socket one that sk_socket_recv_waiting waits for, ms at most; 0: no longer. Of the other
 * calls sk_socket_sendfile alone would wait for it, too. 0 or -errno. */
int sk_socket_let_wait(int fd, int ms);
ptrdiff_t sk_socket_send(int fd, const skua_str *pieces, size_t count);
/* The same where more follows at once: what does not fill a packet waits for it. */
ptrdiff_t sk_socket_send_ahead(int fd, const skua_str *pieces, size_t count);
ptrdiff_t sk_socket_sendfile(int fd, int file, int64_t *offset, size_t len);
/* The same in a thread that holds SIGPIPE back by itself. */
ptrdiff_t sk_socket_sendfile_held(int fd, int file, int64_t *offset, size_t len);
int sk_socket_shutdown(int fd); /* the sending direction; 0 or -errno */
/* How many bytes that were sent the peer has not taken yet; 0 where that cannot be known. */
int64_t sk_socket_untaken(int fd);
/* Have the close reset the connection: what was sent and not taken is dropped, where it would
 * otherwise be kept for a peer that may never read it. */
void sk_socket_reset_on_close(int fd);
void sk_socket_close(int fd);

#endif
