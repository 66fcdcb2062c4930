/*
 * Memory that runs out at a chosen request, for programs that are linked with -Wl,--wrap for each of the functions in
 * tests/scarce.c (scarce_wraps in tests/Makefile.inc). One thread.
 */
#ifndef KM_TESTS_SCARCE_H
#define KM_TESTS_SCARCE_H

#include <stdbool.h>

/* Has SQLite, OpenSSL and jansson ask here too: first of all in `main`, before any of them has asked for memory. */
void scarce_insert(void);

/* The nth request for memory from now on (the first is 1) gets none; where it lasts, those after it get none either. */
void scarce_from(int nth, bool lasts);

/* There is memory again. Whether there was a request that got none. */
bool scarce_end(void);

#endif
