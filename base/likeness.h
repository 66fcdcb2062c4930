/*
 * How much two names look alike, for offering what somebody may have meant; never for deciding that it is the same.
 */
#ifndef KM_BASE_LIKENESS_H
#define KM_BASE_LIKENESS_H

enum { KM_LIKENESS_MAX = 96 }; /* letters and digits of each that are looked at */

/* From 0 to 100: the share of letters that need no change (optimal string alignment: insertions, deletions, other
 * letters, swaps of neighbours). Case, accents of Latin letters, punctuation and spaces do not count. 0 where either
 * has no letters. */
int km_likeness(const char *a, const char *b);

#endif
