/* color.c - what a terminal shows in colour. */
#include "color.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SGR(code) "\x1b[" code "m"

static const cli_colors none = {"", "", "", "", "", ""};
static const cli_colors ansi = {SGR("1;32"), SGR("1;33"), SGR("1;31"),
                                SGR("36"),   SGR("2"),    SGR("0")};

const cli_colors *cli_colors_for(int fd) {
    const char *unwanted = getenv("NO_COLOR");
    const char *terminal = getenv("TERM");
    if (!isatty(fd) || (unwanted && *unwanted))
        return &none;
    return terminal && *terminal && strcmp(terminal, "dumb") != 0 ? &ansi : &none;
}

const char *cli_color_of_status(const cli_colors *colors, int status) {
    if (status >= 400)
        return colors->bad;
    return status >= 300 ? colors->other : colors->good;
}
