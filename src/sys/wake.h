/* sys/wake.h - making another thread's poll return. */
#ifndef SK_SYS_WAKE_H
#define SK_SYS_WAKE_H

/* eventfd where there is one, else a pipe. */
typedef struct sk_wake {
    int read_fd;
    int write_fd;
} sk_wake;

int sk_wake_init(sk_wake *w); /* 0 or -errno */
void sk_wake_close(sk_wake *w);
/* Any thread; also from a signal handler. */
void sk_wake_set(const sk_wake *w);
/* Forget all earlier sets. */
void sk_wake_clear(const sk_wake *w);

#endif
