/* server/program_file.c - skua_reply_file: a handler's reply from a file that the program names. */
#include "base/options.h"
#include "base/str.h"
#include "server/file_answer.h"
#include "server/media_type.h"
#include "server/reply_parts.h"

#include <errno.h>

#define DEFAULT_TYPE "application/octet-stream"

/* What the program has named already; NULL: nothing. */
static const char *given_type(const skua_reply *a) {
    for (uint32_t i = 0; a->given & SK_GIVEN_TYPE && i < a->fields.count; i++) {
        if (sk_reply_given_by(a->fields.at[i].name) == SK_GIVEN_TYPE)
            return a->fields.at[i].value;
    }
    return NULL;
}

static const char *type_of(const skua_reply *a, const char *path, const skua_file_opts *o) {
    const char *type = given_type(a);
    if (!type)
        type = o->type;
    if (!type)
        type = sk_media_type_of(sk_str(path));
    return type ? type : DEFAULT_TYPE;
}

static bool is_value(const char *value) {
    return !value || sk_str_is_field_value(sk_str(value));
}

int skua_reply_file(skua_reply *a, skua_request *q, const char *path, const skua_file_opts *opts) {
    skua_file_opts o;
    skua_error err;
    sk_answer_file f;
    if (a->error)
        return a->error;
    if (a->state != SK_REPLY_FRESH)
        return sk_reply_latch(a, SKUA_E_STATE);
    if (!q || !path || sk_options_copy(&o, sizeof o, opts, &err) != 0 || !is_value(o.type) ||
        !is_value(o.cache_control))
        return sk_reply_latch(a, SKUA_E_INVALID_ARGUMENT);
    int rc = sk_answer_file_open(sk_file_open(path), &f);
    if (rc != 0)
        return sk_file_refuse(a, rc);
    f.type = type_of(a, path, &o);
    f.cache_control = o.cache_control;
    rc = sk_file_answer(q, a, &f);
    return rc == 0 ? 0 : sk_reply_latch(a, rc);
}
