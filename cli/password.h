/* password.h - asking the person at the terminal. */
#ifndef CLI_PASSWORD_H
#define CLI_PASSWORD_H

#include <stddef.h>

/* Ask on the controlling terminal, without echo. Returns 0 with the line in out, or -1: there is no
 * terminal, or no line. A signal that ends the program finds the terminal as it was. */
int cli_password_ask(const char *question, char *out, size_t cap);

#endif
