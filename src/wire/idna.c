/* wire/idna.c - host names beyond ASCII as the DNS has them. libidn2 does it; what it gives is held
 * against what may stand in a host, since some characters map to "/", "@" or ":". */
#include "wire/idna.h"

#include "base/str.h"

#include <skua/error.h>

#if SK_HAVE_IDN

#include "base/mem.h"

#include <idn2.h>

/* A character takes four bytes at most, and some map to nothing; a name that needs more than this
 * is not meant well. */
#define INPUT_MAX 1024

/* idn2_strerror speaks the language of the process. */
static const char *reason(int rc) {
    static const struct {
        int rc;
        const char *text;
    } known[] = {
        {IDN2_ENCODING_ERROR, "it is not UTF-8"},
        {IDN2_ICONV_FAIL, "it is not UTF-8"},
        {IDN2_TOO_BIG_DOMAIN, "it is longer than 253 characters"},
        {IDN2_TOO_BIG_LABEL, "a label is longer than 63 characters"},
        {IDN2_PUNYCODE_BIG_OUTPUT, "a label is longer than 63 characters"},
        {IDN2_INVALID_ALABEL, "a label with \"xn--\" is malformed"},
        {IDN2_PUNYCODE_BAD_INPUT, "a label with \"xn--\" is malformed"},
        {IDN2_ALABEL_ROUNDTRIP_FAILED, "a label with \"xn--\" is malformed"},
        {IDN2_UALABEL_MISMATCH, "a label with \"xn--\" is malformed"},
        {IDN2_2HYPHEN, "a label has \"--\" at its third place"},
        {IDN2_HYPHEN_STARTEND, "a label begins or ends with \"-\""},
        {IDN2_LEADING_COMBINING, "a label begins with a combining mark"},
        {IDN2_DISALLOWED, "it holds a character that no host name may hold"},
        {IDN2_CONTEXTJ, "it holds a joiner where none may be"},
        {IDN2_CONTEXTJ_NO_RULE, "it holds a joiner where none may be"},
        {IDN2_CONTEXTO, "it holds a character that may not be in that place"},
        {IDN2_CONTEXTO_NO_RULE, "it holds a character that may not be in that place"},
        {IDN2_UNASSIGNED, "it holds a character that is not assigned"},
        {IDN2_BIDI, "it mixes writing from the left and from the right"},
        {IDN2_DOT_IN_LABEL, "a label holds a dot"},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (known[i].rc == rc)
            return known[i].text;
    }
    return "it is no international name";
}

static bool is_host_char(char c) {
    return sk_is_digit(c) || sk_is_alpha(c) || c == '-' || c == '_' || c == '.';
}

/* What inet_aton takes for a part of an address: decimal, or hexadecimal behind "0x". */
static bool is_number(skua_str label) {
    bool hex = label.len >= 2 && label.ptr[0] == '0' && label.ptr[1] == 'x';
    bool number = label.len > 0;
    for (size_t i = hex ? 2 : 0; number && i < label.len; i++)
        number = hex ? sk_hex_value(label.ptr[i]) >= 0 : sk_is_digit(label.ptr[i]);
    return number;
}

/* NULL, or what is wrong with a name in ASCII. */
static const char *judge(skua_str name) {
    if (name.len > 0 && name.ptr[name.len - 1] == '.')
        name.len--;
    if (name.len > SK_IDNA_MAX)
        return reason(IDN2_TOO_BIG_DOMAIN);
    skua_str label = {name.ptr, 0};
    for (size_t i = 0; i <= name.len; i++) {
        bool ends = i == name.len || name.ptr[i] == '.';
        if (!ends && !is_host_char(name.ptr[i]))
            return reason(IDN2_DISALLOWED);
        if (!ends) {
            label.len++;
        } else if (label.len == 0) {
            return "a label is empty";
        } else if (i < name.len) {
            label = (skua_str){name.ptr + i + 1, 0};
        }
    }
    /* Whoever saw the name did not see this address. */
    return is_number(label) ? "it is an address in other digits" : NULL;
}

/* Is what is ASCII in the name fit for a host? libidn2 lets all of it pass, here and there. */
static bool fits(skua_str name) {
    for (size_t i = 0; i < name.len; i++) {
        if ((unsigned char)name.ptr[i] < 0x80 && !is_host_char(name.ptr[i]))
            return false;
    }
    return true;
}

static int convert(const char *name, char out[SK_IDNA_MAX + 2], const char **why) {
    uint8_t *ascii = NULL;
    int rc = idn2_lookup_u8((const uint8_t *)name, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
    if (rc == IDN2_MALLOC)
        return SKUA_E_NOMEM;
    skua_str result = sk_str((const char *)ascii);
    *why = rc != IDN2_OK ? reason(rc) : judge(result);
    if (!*why)
        memcpy(out, result.ptr, result.len + 1);
    idn2_free(ascii);
    return *why ? SKUA_E_INVALID_URL : 0;
}

int sk_idna_to_ascii(skua_str name, char out[SK_IDNA_MAX + 2], const char **why) {
    *why = name.len > INPUT_MAX ? reason(IDN2_TOO_BIG_DOMAIN)
           : fits(name)         ? NULL
                                : reason(IDN2_DISALLOWED);
    if (*why)
        return SKUA_E_INVALID_URL;
    char *terminated = sk_strndup(name.ptr, name.len);
    int rc = terminated ? convert(terminated, out, why) : SKUA_E_NOMEM;
    sk_free(terminated);
    return rc;
}

#else

int sk_idna_to_ascii(skua_str name, char out[SK_IDNA_MAX + 2], const char **why) {
    (void)name;
    (void)out;
    *why = "this build has no libidn2, which international names need";
    return SKUA_E_INVALID_URL;
}

#endif
