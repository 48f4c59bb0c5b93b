/* Run a check in a child process in which one system call does not exist, as on an older kernel. */
#ifndef TESTS_UNIT_SYS_DENY_H
#define TESTS_UNIT_SYS_DENY_H

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define DENY_CANNOT 77 /* this system has no such filters */

static inline int deny_syscall(unsigned nr, unsigned failure) {
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | failure),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog program = {.len = 4, .filter = code};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
                   prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0
               ? 0
               : -1;
}

/* What check returned in the child: 0 is success; DENY_CANNOT; -1 when it crashed. */
static inline int without_syscall(unsigned nr, unsigned failure, int (*check)(void *), void *arg) {
    pid_t child = fork();
    if (child == 0)
        _exit(deny_syscall(nr, failure) == 0 ? check(arg) : DENY_CANNOT);
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

#endif
