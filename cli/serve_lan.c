/* serve_lan.c - how another machine reaches what is served: --qr. */
#include "serve_lan.h"

#include "report.h"
#include "serve_qr.h"
#include "serve_url.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { QUIET_ZONE = 4 };

/* The first IPv4 address that is up and not of this machine alone. Returns 0, or -1. */
static int find_address(char address[static INET_ADDRSTRLEN]) {
    struct ifaddrs *all;
    if (getifaddrs(&all) != 0)
        return -1;
    int rc = -1;
    for (const struct ifaddrs *i = all; i && rc; i = i->ifa_next) {
        if (!i->ifa_addr || i->ifa_addr->sa_family != AF_INET || !(i->ifa_flags & IFF_UP) ||
            i->ifa_flags & IFF_LOOPBACK)
            continue;
        struct sockaddr_in in;
        memcpy(&in, i->ifa_addr, sizeof in);
        rc = inet_ntop(AF_INET, &in.sin_addr, address, INET_ADDRSTRLEN) ? 0 : -1;
    }
    freeifaddrs(all);
    return rc;
}

static int is_light(const serve_qr *code, int row, int column) {
    if (row < 0 || column < 0 || row >= code->size || column >= code->size)
        return 1;
    return !code->dark[row][column];
}

/* Two rows a line, since a character is twice as high as it is wide. Light is what is drawn: white
 * on black by colours, else in those of the terminal, which mostly is dark. */
static void draw(const serve_qr *code) {
    static const char *const blocks[] = {" ", "\u2584", "\u2580", "\u2588"};
    int colored = isatty(STDERR_FILENO);
    for (int row = -QUIET_ZONE; row < code->size + QUIET_ZONE; row += 2) {
        cli_line line;
        cli_line_begin(&line, STDERR_FILENO);
        cli_line_format(&line, "%s", colored ? "\033[38;5;231;48;5;16m" : "");
        for (int column = -QUIET_ZONE; column < code->size + QUIET_ZONE; column++)
            cli_line_format(
                &line, "%s",
                blocks[2 * is_light(code, row, column) + is_light(code, row + 1, column)]);
        cli_line_format(&line, "%s", colored ? "\033[0m" : "");
        cli_line_end(&line);
    }
}

void serve_lan_show(const char *url) {
    char address[INET_ADDRSTRLEN] = "";
    char shown[SERVE_URL_BYTES];
    serve_qr code;
    if (serve_url_is_for_all(url) && find_address(address) != 0) {
        cli_say("serve: --qr: this machine has no address in a network");
        return;
    }
    serve_url_at(url, address, shown);
    if (serve_qr_encode(shown, &code) != 0) {
        cli_say("serve: --qr: %s is too long", shown);
        return;
    }
    draw(&code);
    cli_say("the code is of %s", shown);
}
