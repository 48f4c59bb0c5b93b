/* sandbox_probe.c - enter the sandbox of `skua serve` and try what is forbidden in it.
 *
 *     sandbox_probe READ-DIR WRITE-DIR OUTSIDE-FILE
 *
 * Prints which mechanisms hold, and for each trial its name and the errno it met, or 0. */
#include "serve_sandbox.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static void tell(const char *what, int rc) {
    printf("%s %d\n", what, rc < 0 ? errno : 0);
}

static int open_in(const char *dir, const char *name, int flags) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    return open(path, flags, 0600);
}

static int connect_somewhere(void) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    return fd < 0 ? fd : connect(fd, (const struct sockaddr *)&to, sizeof to);
}

static void *do_nothing(void *arg) {
    return arg;
}

static int start_thread(void) {
    pthread_t thread;
    errno = pthread_create(&thread, NULL, do_nothing, NULL);
    return errno ? -1 : pthread_join(thread, NULL);
}

int main(int argc, char **argv) {
    char *const program[] = {"/bin/true", NULL};
    if (argc != 4)
        return 2;
    serve_grant grants[] = {{argv[1], SERVE_READS}, {argv[2], SERVE_WRITES}};
    serve_sandbox made = serve_sandbox_enter(grants, 2);
    printf("landlock %d\nseccomp %d\n", made.landlock, made.seccomp);
    tell("read", open_in(argv[1], "file", O_RDONLY));
    tell("write-where-it-reads", open_in(argv[1], "file", O_WRONLY));
    tell("make-where-it-reads", open_in(argv[1], "new", O_WRONLY | O_CREAT));
    tell("make", open_in(argv[2], "new", O_WRONLY | O_CREAT));
    tell("read-where-it-writes", open_in(argv[2], "new", O_RDONLY));
    tell("outside", open(argv[3], O_RDONLY));
    tell("connect", connect_somewhere());
    tell("thread", start_thread());
    tell("socket-inet", socket(AF_INET, SOCK_STREAM, 0));
    tell("socket-packet", socket(AF_PACKET, SOCK_RAW, 0));
    tell("mount", mount("none", argv[1], "tmpfs", 0, NULL));
    tell("unshare", unshare(CLONE_NEWUSER));
    tell("clone", (int)syscall(SYS_clone, CLONE_NEWUSER, 0, 0, 0, 0));
    tell("setuid", setuid(getuid()));
#ifndef __SANITIZE_ADDRESS__
    tell("ptrace", (int)ptrace(PTRACE_TRACEME, 0, NULL, NULL));
#endif
    fflush(stdout);
    tell("execve", execv(program[0], program));
    return 0;
}
