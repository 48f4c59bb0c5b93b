/* serve_lan.h - how another machine reaches what is served: --qr. */
#ifndef CLI_SERVE_LAN_H
#define CLI_SERVE_LAN_H

/* Draw the QR code of a URL on standard error. Where it stands for all addresses, the code holds
 * the one by which this machine is reached from its network. Before the sandbox. What does not work
 * is said, and nothing more. */
void serve_lan_show(const char *url);

#endif
