/* serve_open.h - showing what is served in the browser: --open. */
#ifndef CLI_SERVE_OPEN_H
#define CLI_SERVE_OPEN_H

/* Have xdg-open show a URL; one that stands for all addresses is shown at this machine's. Never as
 * root. What does not work is said, and nothing more. */
void serve_open(const char *url);

#endif
