/*
 * Inside badge/ only: writing down a verdict (badge/verify.h). All text that goes into one is made safe to show, in a
 * terminal too: it may come from a stranger.
 */
#ifndef KM_BADGE_VERDICT_H
#define KM_BADGE_VERDICT_H

#include "badge/verify.h"

#include <stddef.h>

/* Copies text as far as it fits the `size` bytes at ret_text, cut between characters, with "…" where it was cut. What
 * is no character, or would not show, or would change how other text shows, becomes U+FFFD. */
void km_text_show(const char *text, char *ret_text, size_t size);

/* Writes down one check. */
void km_verdict_check(struct km_verdict *verdict, enum km_check check, enum km_result result, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Writes down the answer. `reason` is a literal or a checked word. */
void km_verdict_conclude(struct km_verdict *verdict, enum km_outcome_kind outcome, const char *reason,
                         const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Writes down a warning beside the answer. */
void km_verdict_warn(struct km_verdict *verdict, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
