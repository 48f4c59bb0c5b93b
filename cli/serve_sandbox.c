/* serve_sandbox.c - giving up what serving files does not need: files and connections by Landlock
 * (Linux 5.13; more with each version), system calls by seccomp. Both are for good, and hold for
 * all threads that are started afterwards.
 *
 * Landlock allows what is listed; the filter of system calls denies what is listed, because what a
 * C library calls changes with its version. */
#include "serve_sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The search for leaks at the end of an instrumented build traces its own process, and reads of it
 * in /proc. */
#ifdef __SANITIZE_ADDRESS__
enum { IS_INSTRUMENTED = 1 };
#else
enum { IS_INSTRUMENTED = 0 };
#endif

/* ---- Landlock: the headers of the build may be older than the kernel ---- */

enum { VERSION_FLAG = 1, RULE_PATH_BENEATH = 1 };

#define FS_WRITE_FILE  (1ULL << 1)
#define FS_READ_FILE   (1ULL << 2)
#define FS_READ_DIR    (1ULL << 3)
#define FS_REMOVE_FILE (1ULL << 5)
#define FS_MAKE_REG    (1ULL << 8)
#define FS_TRUNCATE    (1ULL << 14)
#define FS_OF_FILES    (FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE)

#define NET_BIND_AND_CONNECT_TCP       3ULL
#define SCOPE_UNIX_SOCKETS_AND_SIGNALS 3ULL

struct ruleset {
    uint64_t fs;
    uint64_t net;    /* version 4 */
    uint64_t scoped; /* version 6 */
};

struct path_rule {
    uint64_t allowed;
    int32_t parent;
} __attribute__((packed));

/* What each version brought: how many rights to files it knows, and how long its struct is. */
static const struct version {
    int fs_count;
    size_t size;
} versions[] = {{0, 0}, {13, 8}, {14, 8}, {15, 8}, {15, 16}, {16, 16}, {16, 24}};

enum { VERSIONS = sizeof versions / sizeof *versions };

#ifdef SYS_landlock_create_ruleset

static void allow(int ruleset, const char *path, uint64_t rights) {
    struct stat st;
    struct path_rule rule = {.allowed = rights, .parent = open(path, O_PATH | O_CLOEXEC)};
    if (rule.parent < 0)
        return;
    if (fstat(rule.parent, &st) == 0 && !S_ISDIR(st.st_mode))
        rule.allowed &= FS_OF_FILES;
    syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &rule, 0);
    close(rule.parent);
}

/* Returns the version, or 0. */
static int restrict_files(const serve_grant *grants, size_t count) {
    static const uint64_t rights[] = {
        [SERVE_READS] = FS_READ_FILE | FS_READ_DIR,
        [SERVE_WRITES] = FS_WRITE_FILE | FS_REMOVE_FILE | FS_MAKE_REG | FS_TRUNCATE,
    };
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, VERSION_FLAG);
    if (version <= 0)
        return 0;
    const struct version *v = &versions[version < VERSIONS ? version : VERSIONS - 1];
    struct ruleset handled = {
        .fs = (1ULL << v->fs_count) - 1,
        .net = NET_BIND_AND_CONNECT_TCP,
        .scoped = IS_INSTRUMENTED ? 0 : SCOPE_UNIX_SOCKETS_AND_SIGNALS,
    };
    int ruleset = (int)syscall(SYS_landlock_create_ruleset, &handled, v->size, 0);
    if (ruleset < 0)
        return 0;
    for (size_t i = 0; i < count; i++)
        allow(ruleset, grants[i].path, rights[grants[i].access] & handled.fs);
    if (IS_INSTRUMENTED)
        allow(ruleset, "/proc", rights[SERVE_READS]);
    int rc = (int)syscall(SYS_landlock_restrict_self, ruleset, 0);
    close(ruleset);
    return rc == 0 ? (int)version : 0;
}
#else
static int restrict_files(const serve_grant *grants, size_t count) {
    (void)grants;
    (void)count;
    return 0;
}
#endif

/* ---- seccomp ---- */

#if defined(__x86_64__)
#define THIS_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define THIS_ARCH AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define THIS_ARCH AUDIT_ARCH_RISCV64
#endif

#ifdef THIS_ARCH

static const int denied[] = {
    /* other programs, other processes */
    SYS_execve, SYS_execveat, SYS_process_vm_readv, SYS_process_vm_writev, SYS_kcmp,
    SYS_pidfd_getfd, SYS_personality,
    /* file systems and namespaces */
    SYS_mount, SYS_umount2, SYS_pivot_root, SYS_chroot, SYS_move_mount, SYS_open_tree, SYS_fsopen,
    SYS_fsconfig, SYS_fsmount, SYS_fspick, SYS_mount_setattr, SYS_unshare, SYS_setns,
    SYS_open_by_handle_at, SYS_quotactl, SYS_swapon, SYS_swapoff, SYS_acct,
    /* the kernel */
    SYS_init_module, SYS_finit_module, SYS_delete_module, SYS_kexec_load, SYS_bpf,
    SYS_perf_event_open, SYS_userfaultfd, SYS_add_key, SYS_request_key, SYS_keyctl,
    SYS_io_uring_setup, SYS_io_uring_enter, SYS_io_uring_register, SYS_reboot, SYS_syslog,
    /* the machine */
    SYS_settimeofday, SYS_clock_settime, SYS_adjtimex, SYS_clock_adjtime, SYS_sethostname,
    SYS_setdomainname,
    /* other users */
    SYS_setuid, SYS_setgid, SYS_setreuid, SYS_setregid, SYS_setresuid, SYS_setresgid, SYS_setgroups,
    SYS_capset,
#ifdef SYS_kexec_file_load
    SYS_kexec_file_load,
#endif
#ifdef SYS_iopl
    SYS_iopl, SYS_ioperm,
#endif
    SYS_ptrace, /* the last: an instrumented build keeps it */
};

enum {
    DENIED = sizeof denied / sizeof *denied,
    FILTER_MAX = DENIED + 32,
    X32_BIT = 0x40000000, /* a second set of numbers on x86_64 */
    NEW_NAMESPACES = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER |
                     CLONE_NEWPID | CLONE_NEWNET
};

/* A filter being put together. */
typedef struct program {
    struct sock_filter code[FILTER_MAX];
    unsigned short len;
} program;

static void add(program *p, uint16_t code, uint32_t k) {
    p->code[p->len++] = (struct sock_filter){.code = code, .k = k};
}

static void load(program *p, size_t offset) {
    add(p, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset);
}

/* Skip so many instructions unless the comparison of what was loaded with k holds. */
static void unless(program *p, uint16_t comparison, uint32_t k, uint8_t skipped) {
    add(p, (uint16_t)(BPF_JMP | comparison | BPF_K), k);
    p->code[p->len - 1].jf = skipped;
}

static void end(program *p, uint32_t what) {
    add(p, BPF_RET | BPF_K, what);
}

static void fail(program *p, int number) {
    end(p, SECCOMP_RET_ERRNO | (uint32_t)number);
}

/* The low half of an argument: these machines are little-endian. */
static size_t argument(int index) {
    return offsetof(struct seccomp_data, args) + (size_t)index * 8;
}

static void put_socket(program *p) {
    static const uint32_t families[] = {AF_UNIX, AF_INET, AF_INET6};
    enum { FAMILIES = sizeof families / sizeof *families };
    unless(p, BPF_JEQ, SYS_socket, 2 + 2 * FAMILIES);
    load(p, argument(0));
    for (int i = 0; i < FAMILIES; i++) {
        unless(p, BPF_JEQ, families[i], 1);
        end(p, SECCOMP_RET_ALLOW);
    }
    fail(p, EPERM);
}

/* A namespace of its own would give it rights in there. What clone3 is asked for lies in memory,
 * which a filter cannot see; the C library does with clone where there is no clone3. */
static void put_clone(program *p) {
    unless(p, BPF_JEQ, SYS_clone3, 1);
    fail(p, ENOSYS);
    unless(p, BPF_JEQ, SYS_clone, 4);
    load(p, argument(0));
    unless(p, BPF_JSET, NEW_NAMESPACES, 1);
    fail(p, EPERM);
    end(p, SECCOMP_RET_ALLOW);
}

static int restrict_calls(void) {
    program p = {.len = 0};
    uint8_t count = DENIED - IS_INSTRUMENTED;
    load(&p, offsetof(struct seccomp_data, arch));
    add(&p, BPF_JMP | BPF_JEQ | BPF_K, THIS_ARCH);
    p.code[p.len - 1].jt = 1;
    fail(&p, EPERM);
    load(&p, offsetof(struct seccomp_data, nr));
    unless(&p, BPF_JGE, X32_BIT, 1);
    fail(&p, EPERM);
    for (uint8_t i = 0; i < count; i++) {
        add(&p, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)denied[i]);
        p.code[p.len - 1].jt = (uint8_t)(count - i);
    }
    add(&p, BPF_JMP | BPF_JA, 1);
    fail(&p, EPERM);
    put_clone(&p);
    put_socket(&p);
    end(&p, SECCOMP_RET_ALLOW);
    struct sock_fprog filter = {.len = p.len, .filter = p.code};
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}
#else
static int restrict_calls(void) {
    return 0;
}
#endif

serve_sandbox serve_sandbox_enter(const serve_grant *grants, size_t count) {
    serve_sandbox made = {0};
    /* Both ask for it: a program with more rights cannot be had any more. */
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return made;
    made.landlock = restrict_files(grants, count);
    made.seccomp = restrict_calls();
    return made;
}
