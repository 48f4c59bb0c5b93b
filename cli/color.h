/* color.h - what a terminal shows in colour. */
#ifndef CLI_COLOR_H
#define CLI_COLOR_H

/* How the parts of a head look; empty strings where there is no colour. */
typedef struct cli_colors {
    const char *good;  /* a status line of 1xx and 2xx, and of a request */
    const char *other; /* 3xx */
    const char *bad;   /* 4xx, 5xx */
    const char *name;  /* of a field */
    const char *faint; /* what is done */
    const char *end;
} cli_colors;

/* The colours for a descriptor: none unless it is a terminal, and none where NO_COLOR is set
 * (https://no-color.org) or the terminal is a dumb one. */
const cli_colors *cli_colors_for(int fd);

/* The colour of a status line. */
const char *cli_color_of_status(const cli_colors *colors, int status);

#endif
