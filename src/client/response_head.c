/* client/response_head.c - heads and trailers as the caller sees them: copied, terminated, joined.
 */
#include "client/response.h"

#include "base/str.h"
#include "wire/keep_alive.h"

int sk_response_add_interim(skua_response *r, const sk_head *head) {
    sk_interim *one = sk_arena_zalloc(&r->mem, sizeof *one);
    if (!one || sk_head_copy_make(&one->head, &r->mem, head) != 0)
        return SKUA_E_NOMEM;
    sk_interim **last = &r->interim;
    while (*last)
        last = &(*last)->next;
    *last = one;
    r->interim_count++;
    return 0;
}

/* RFC 9110 8.6: on a response to HEAD it is the length a GET would have had. */
static int64_t length_of(const sk_head *head, bool to_head) {
    if (to_head || head->body == SK_BODY_LENGTH)
        return head->content_length;
    return head->body == SK_BODY_NONE ? 0 : -1;
}

int sk_response_set_head(skua_response *r, const sk_head *head, bool to_head,
                         const sk_settings *s) {
    r->content_length = length_of(head, to_head);
    r->body = (sk_intake){.framing = head->body,
                          .switched = head->upgrade,
                          .keep_alive_s = sk_keep_alive_timeout(&head->fields),
                          .expected = head->body == SK_BODY_CLOSE || head->body == SK_BODY_CHUNKED
                                          ? -1
                                          : length_of(head, false)};
    int rc = sk_response_prepare_decoding(r, head, s);
    return rc == 0 ? sk_head_copy_make(&r->head, &r->mem, head) : rc;
}

int sk_response_set_url(skua_response *r, const skua_str *pieces, size_t count) {
    size_t len = 0;
    for (size_t i = 0; i < count; i++)
        len += pieces[i].len;
    char *url = sk_arena_alloc(&r->mem, len + 1), *at = url;
    if (!url)
        return SKUA_E_NOMEM;
    for (size_t i = 0; i < count; i++)
        at = mempcpy(at, pieces[i].ptr, pieces[i].len);
    *at = '\0';
    r->url = url;
    return 0;
}

/* ---- what is not to be shown ---- */

void sk_response_add_secret(skua_response *r, skua_str name) {
    sk_secret *one = sk_arena_alloc(&r->mem, sizeof *one);
    const char *copy = sk_arena_strndup(&r->mem, name.ptr, name.len);
    if (!one || !copy) {
        r->all_secret = true;
        return;
    }
    *one = (sk_secret){.next = r->secrets, .name = {copy, name.len}};
    r->secrets = one;
}

bool sk_response_is_secret(const void *response, skua_str name) {
    const skua_response *r = response;
    const sk_secret *one = r->secrets;
    while (one && !sk_str_ieq(one->name, name))
        one = one->next;
    return one || r->all_secret;
}

/* ---- asking for one field ---- */

static const char *join(skua_response *r, skua_str name, size_t first, size_t size) {
    sk_joined *j = sk_arena_alloc(&r->mem, sizeof *j);
    char *value = sk_arena_alloc(&r->mem, size);
    if (!j || !value)
        return NULL;
    char *at = value;
    for (size_t i = first; i < r->head.count; i++) {
        const skua_field *f = &r->head.fields[i];
        if (!sk_str_ieq(sk_str(f->name), name))
            continue;
        if (i > first)
            at = stpcpy(at, ", ");
        at = stpcpy(at, f->value);
    }
    *j = (sk_joined){.next = r->joined, .name = r->head.fields[first].name, .value = value};
    r->joined = j;
    return value;
}

static const char *joined_before(const skua_response *r, skua_str name) {
    for (const sk_joined *j = r->joined; j; j = j->next) {
        if (sk_str_ieq(sk_str(j->name), name))
            return j->value;
    }
    return NULL;
}

const char *skua_response_header(skua_response *r, const char *name) {
    if (!r || !name)
        return NULL;
    skua_str wanted = sk_str(name);
    size_t count = 0, first = 0, size = 1;
    for (size_t i = 0; i < r->head.count; i++) {
        if (!sk_str_ieq(sk_str(r->head.fields[i].name), wanted))
            continue;
        if (count++ == 0)
            first = i;
        size += strlen(r->head.fields[i].value) + 2;
    }
    if (count == 0)
        return NULL;
    if (count == 1)
        return r->head.fields[first].value;
    const char *before = joined_before(r, wanted);
    return before ? before : join(r, wanted, first, size);
}

/* ---- the plain questions ---- */

static const sk_head_copy *interim_at(const skua_response *r, size_t index) {
    const sk_interim *i = r ? r->interim : NULL;
    for (; i && index > 0; index--)
        i = i->next;
    return i ? &i->head : NULL;
}

int skua_response_status(const skua_response *r) {
    return r ? r->head.status : 0;
}

const char *skua_response_reason(const skua_response *r) {
    return r && r->head.reason ? r->head.reason : "";
}

int skua_response_version(const skua_response *r) {
    return r ? r->head.version : 0;
}

const char *skua_response_url(const skua_response *r) {
    return r && r->url ? r->url : "";
}

const skua_field *skua_response_fields(const skua_response *r, size_t *count) {
    return sk_head_copy_fields(r ? &r->head : NULL, count);
}

const skua_field *skua_response_trailers(const skua_response *r, size_t *count) {
    return sk_head_copy_fields(r ? &r->trailers : NULL, count);
}

int skua_response_informational(const skua_response *r, size_t index) {
    const sk_head_copy *head = interim_at(r, index);
    return head ? head->status : 0;
}

const skua_field *skua_response_informational_fields(const skua_response *r, size_t index,
                                                     size_t *count) {
    return sk_head_copy_fields(interim_at(r, index), count);
}

int64_t skua_response_content_length(const skua_response *r) {
    return r ? r->content_length : -1;
}
