/* timing.c - the phases of an exchange drawn as bars, one below the other. Each phase begins where
 * the one before it that took place has ended. */
#include "timing.h"

#include <string.h>

/* Columns beside the bars: the name, and the time with its unit. */
enum { NAME = 8, TIME = 13, BARS_LEAST = 10, BARS_MOST = 200 };

typedef struct phase {
    const char *name;
    double begin, end;
} phase;

enum { PHASES = 6 };

/* Returns how many took place; `last` is what the last is called. */
static size_t list_phases(const skua_timings *t, const char *last, phase phases[PHASES]) {
    const struct {
        const char *name;
        double end;
    } all[PHASES] = {
        {"resolve", t->resolve}, {"connect", t->connect}, {"tls", t->tls},
        {"send", t->send},       {"wait", t->first_byte}, {last, t->total},
    };
    size_t count = 0;
    double begin = 0;
    for (size_t i = 0; i < PHASES; i++) {
        if (all[i].end < 0)
            continue;
        double end = all[i].end > begin ? all[i].end : begin;
        phases[count++] = (phase){all[i].name, begin, end};
        begin = end;
    }
    return count;
}

/* The column of a moment. */
static int column(double at, double total, int columns) {
    int c = total > 0 ? (int)(at / total * columns + 0.5) : 0;
    return c < columns ? c : columns;
}

static void repeat(FILE *out, const char *text, int times) {
    while (times-- > 0)
        fputs(text, out);
}

static void draw_phase(FILE *out, const phase *p, double total, int columns, int utf8) {
    int from = column(p->begin, total, columns), to = column(p->end, total, columns);
    if (from == to) { /* too short for a column, and yet it took place */
        from = from == columns ? columns - 1 : from;
        to = from + 1;
        fprintf(out, "%-*s", NAME, p->name);
        repeat(out, " ", from);
        fputs(utf8 ? "\u258f" : "|", out);
    } else {
        fprintf(out, "%-*s", NAME, p->name);
        repeat(out, " ", from);
        repeat(out, utf8 ? "\u2588" : "=", to - from);
    }
    repeat(out, " ", columns - to);
    fprintf(out, "%*.1f ms\n", TIME - 3, p->end - p->begin);
}

void cli_timing_draw(FILE *out, const skua_timings *t, const char *cut, int width, int utf8) {
    phase phases[PHASES];
    size_t count = list_phases(t, cut ? cut : "receive", phases);
    int columns = width - NAME - TIME;
    columns = columns < BARS_LEAST ? BARS_LEAST : columns > BARS_MOST ? BARS_MOST : columns;
    double total = count > 0 ? phases[count - 1].end : 0;
    for (size_t i = 0; i < count; i++)
        draw_phase(out, &phases[i], total, columns, utf8);
    fprintf(out, "%-*s%*s%*.1f ms\n", NAME, "total", columns, "", TIME - 3, total);
}
