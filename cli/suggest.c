/* suggest.c - the nearest name, by the number of letters to be put in, left out, changed or swapped
 * (the restricted Damerau-Levenshtein distance); what is an abbreviation is nearest of all. */
#include "suggest.h"

#include <stdio.h>
#include <string.h>

enum { NAME_MAX_LEN = 40 };

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

/* Three rows of the usual table are enough: this one, the one before, and for swaps one more. */
static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len) {
    size_t rows[3][NAME_MAX_LEN + 1];
    size_t *before = rows[0], *last = rows[1], *row = rows[2];
    for (size_t k = 0; k <= b_len; k++)
        last[k] = k;
    for (size_t i = 1; i <= a_len; i++) {
        row[0] = i;
        for (size_t k = 1; k <= b_len; k++) {
            size_t change = last[k - 1] + (a[i - 1] != b[k - 1]);
            row[k] = least(change, least(last[k], row[k - 1]) + 1);
            if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1])
                row[k] = least(row[k], before[k - 2] + 1);
        }
        size_t *spare = before;
        before = last;
        last = row;
        row = spare;
    }
    return last[b_len];
}

/* How far an option's name is from what was written. */
static size_t rate(const char *known, const char *name, size_t len) {
    size_t known_len = strlen(known);
    if (known_len > NAME_MAX_LEN)
        return NAME_MAX_LEN;
    if (len >= 3 && len < known_len && memcmp(known, name, len) == 0)
        return 0;
    return distance(name, len, known, known_len);
}

int cli_suggest(const cli_command *command, const char *name, size_t len,
                char out[CLI_SUGGEST_BYTES]) {
    int negated = len > 3 && strncmp(name, "no-", 3) == 0;
    const char *meant = negated ? name + 3 : name;
    size_t meant_len = negated ? len - 3 : len;
    if (meant_len < 2 || meant_len > NAME_MAX_LEN)
        return 0;
    const char *best = NULL;
    size_t best_distance = meant_len / 4 + 1; /* further away is something else */
    for (size_t i = 0; i < command->section_count; i++) {
        const cli_section *section = &command->sections[i];
        for (size_t k = 0; k < section->count; k++) {
            size_t d = rate(section->options[k].name, meant, meant_len);
            if (d < best_distance || (d == best_distance && !best)) {
                best = section->options[k].name;
                best_distance = d;
            }
        }
    }
    if (best)
        snprintf(out, CLI_SUGGEST_BYTES, "%s%s", negated ? "no-" : "", best);
    return best != NULL;
}
