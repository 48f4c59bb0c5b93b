/* get_auth.c - -u, -U and --oauth2-bearer: the value of Authorization. */
#include "get.h"

#include "exit_status.h"
#include "password.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PASSWORD_BYTES = 1024, QUESTION_BYTES = 256 };

/* "NAME:PASSWORD", asked for where only NAME is given; NULL without a terminal or memory. */
static char *complete(cli_texts *texts, const char *user, const char *whose) {
    if (strchr(user, ':'))
        return cli_texts_format(texts, "%s", user);
    char question[QUESTION_BYTES], password[PASSWORD_BYTES];
    snprintf(question, sizeof question, "Enter %s password for user '%.100s':", whose, user);
    if (cli_password_ask(question, password, sizeof password) != 0)
        return NULL;
    return cli_texts_format(texts, "%s:%s", user, password);
}

int get_auth_basic(char **value, cli_texts *texts, const char *user, const char *whose,
                   skua_error *err) {
    char *whole = complete(texts, user, whose);
    char *password = whole ? strchr(whole, ':') : NULL;
    if (!password) {
        return get_fail(err, CLI_EXIT_USAGE, SKUA_E_INVALID_ARGUMENT,
                        "get: no %s password for '%s', and no terminal to ask for one", whose,
                        user);
    }
    size_t size = SKUA_AUTH_BASIC_SIZE(strlen(whole));
    *value = cli_texts_add(texts, malloc(size));
    if (!*value)
        return get_no_memory(err);
    *password++ = '\0';
    if (skua_auth_basic(whole, password, *value, size) == 0)
        return 0;
    return get_fail(err, CLI_EXIT_USAGE, SKUA_E_INVALID_ARGUMENT,
                    "get: the %s user '%s' or the password holds a control character", whose,
                    whole);
}

int get_auth_build(char **value, cli_texts *texts, const get_options *o, skua_error *err) {
    if (o->user)
        return get_auth_basic(value, texts, o->user, "host", err);
    if (!o->bearer)
        return 0;
    *value = cli_texts_format(texts, "Bearer %s", o->bearer);
    return *value ? 0 : get_no_memory(err);
}
