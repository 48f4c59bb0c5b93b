/* skua/form.h - the fields of a form, as application/x-www-form-urlencoded. A form with files is
 * skua/multipart.h's.
 *
 *     skua_form *f = skua_form_new(&err);
 *     skua_form_add(f, "q", "tea & cake");
 *     const char *body = skua_form_text(f, &len);    "q=tea+%26+cake", for a body or a query
 */
#ifndef SKUA_FORM_H
#define SKUA_FORM_H

#include <skua/error.h>
#include <skua/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The Content-Type of what skua_form_text gives. */
#define SKUA_FORM_TYPE "application/x-www-form-urlencoded"

/* Pairs that skua_form_parse takes at most. */
#define SKUA_FORM_PAIRS_MAX 1000

/* Pairs of a name and a value, in the order in which they came. Names may repeat. */
typedef struct skua_form skua_form;

/* Make a form without pairs.
 *
 * Returns: the form, or NULL: SKUA_E_NOMEM.
 * Owns: the caller frees it with skua_form_free.
 * Thread: any; then one at a time.
 * Since: 0.1 */
SKUA_API skua_form *skua_form_new(skua_error *err);

/* Read the text of a form, as Python's urllib.parse.parse_qsl does with keep_blank_values: pairs
 * stand between "&", a name without "=" has the value "", "+" is a space, a "%" that begins no
 * escape is itself, and nothing between two "&" is no pair. Bytes are given as they come out; they
 * need not be UTF-8.
 *
 * Returns: 0 and *out; SKUA_E_TOO_MANY_FIELDS (more than SKUA_FORM_PAIRS_MAX),
 *          SKUA_E_INVALID_ARGUMENT for NULL, SKUA_E_NOMEM.
 * Owns: the caller frees *out with skua_form_free.
 * Thread: any.
 * Since: 0.1 */
SKUA_API int skua_form_parse(const char *text, size_t len, skua_form **out, skua_error *err);

/* Free a form. NULL is fine.
 *
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API void skua_form_free(skua_form *f);

/* Add a pair at the end. What fails is kept: later calls give it again and add nothing, and
 * skua_form_text gives NULL, so that half a form is never sent.
 *
 * Returns: 0, SKUA_E_INVALID_ARGUMENT for NULL, or SKUA_E_NOMEM.
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API int skua_form_add(skua_form *f, const char *name, const char *value);

/* Add a pair whose value may hold any byte.
 *
 * Returns: as skua_form_add.
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API int skua_form_add_bytes(skua_form *f, const char *name, const void *value, size_t len);

/* Find the first value of a name. One that holds a NUL byte is not given, since a string would end
 * there: skua_form_at has it.
 *
 * Returns: the value; NULL where there is none.
 * Owns: borrowed, until the form is added to or freed.
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API const char *skua_form_get(const skua_form *f, const char *name);

/* Count the pairs.
 *
 * Returns: their number; 0 for NULL.
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API size_t skua_form_count(const skua_form *f);

/* Give one of the pairs, from 0 on. Both strings are terminated, and may hold NUL bytes before.
 *
 * Returns: 0, or SKUA_E_INVALID_ARGUMENT where there is no such pair. name and value may be NULL.
 * Owns: borrowed, until the form is added to or freed.
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API int skua_form_at(const skua_form *f, size_t i, skua_str *name, skua_str *value);

/* Write the form as text, byte for byte what Python's urllib.parse.urlencode makes of the pairs:
 * letters, digits and "-._~" stay, a space is "+", each other byte is "%XX".
 *
 * Returns: the text, terminated, with its length in *len (which may be NULL); "" for a form without
 *          pairs. NULL, and 0, where a pair could not be added, for want of memory, and for NULL.
 * Owns: borrowed, until the form is added to or freed.
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API const char *skua_form_text(skua_form *f, size_t *len);

#ifdef __cplusplus
}
#endif
#endif
