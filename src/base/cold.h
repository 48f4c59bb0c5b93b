/* base/cold.h - marking what is called when something has gone wrong. */
#ifndef SK_BASE_COLD_H
#define SK_BASE_COLD_H

/* The compiler then keeps the ways that lead there apart from those that are mostly taken, so that
 * what a request runs through fills fewer lines of the instruction cache. */
#define SK_COLD __attribute__((cold))

#endif
