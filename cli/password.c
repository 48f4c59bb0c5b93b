/* password.c - asking the person at the terminal. What is typed is not shown; a signal that comes
 * meanwhile is sent again when the terminal shows what is typed as before. */
#include "password.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static volatile sig_atomic_t caught;

static void catch (int number) {
    caught = number;
}

static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
enum { SIGNALS = sizeof signals / sizeof *signals };

/* Returns the length of the line without its end, or -1. */
static ptrdiff_t read_line(int fd, char *out, size_t cap) {
    size_t len = 0;
    char c = 0;
    while (!caught) {
        ssize_t n = read(fd, &c, 1);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0 || c == '\n')
            break;
        if (len + 1 < cap)
            out[len++] = c;
    }
    out[len] = '\0';
    return c == '\n' && !caught ? (ptrdiff_t)len : -1;
}

static ptrdiff_t ask(int fd, const char *question, char *out, size_t cap) {
    struct sigaction before[SIGNALS], catching = {.sa_handler = catch};
    struct termios shown, hidden;
    if (tcgetattr(fd, &shown) != 0)
        return -1;
    hidden = shown;
    hidden.c_lflag &= ~(tcflag_t)ECHO;
    caught = 0;
    for (size_t i = 0; i < SIGNALS; i++)
        sigaction(signals[i], &catching, &before[i]);
    ptrdiff_t len = -1;
    if (tcsetattr(fd, TCSAFLUSH, &hidden) == 0 && write(fd, question, strlen(question)) >= 0)
        len = read_line(fd, out, cap);
    tcsetattr(fd, TCSAFLUSH, &shown);
    len = write(fd, "\n", 1) < 0 ? -1 : len;
    for (size_t i = 0; i < SIGNALS; i++)
        sigaction(signals[i], &before[i], NULL);
    if (caught)
        raise(caught);
    return len;
}

int cli_password_ask(const char *question, char *out, size_t cap) {
    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ptrdiff_t len = ask(fd, question, out, cap);
    close(fd);
    return len < 0 ? -1 : 0;
}
