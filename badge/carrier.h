/*
 * Finding the credential in what somebody presents: a picture (SVG, PNG, PDF) or the token itself. Every byte is hostile,
 * and nothing in it is believed yet.
 */
#ifndef KM_BADGE_CARRIER_H
#define KM_BADGE_CARRIER_H

#include "base/error.h"

#include <stddef.h>

/* The token, whose form is still to be checked; the caller's (free).
 *   KM_ABSENT     "no-credential"  a whole picture that carries none
 *                 "unknown-form"   nothing that we know
 *   KM_MALFORMED  "malformed"      it means to carry one, and is damaged
 *   KM_TOO_LARGE */
enum km_error km_carrier_token(const char *bytes, size_t len, char **ret_token, struct km_problem *problem);

#endif
