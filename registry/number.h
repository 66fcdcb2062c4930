/*
 * The mark number: 12 symbols of Crockford base32, 11 random and a check symbol by Luhn mod 32, so that any one wrong
 * symbol and nearly every swap of neighbours is noticed. Shown in groups of four: 7K3Q-9XM2-4HTT.
 */
#ifndef KM_REGISTRY_NUMBER_H
#define KM_REGISTRY_NUMBER_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

enum { KM_NUMBER_SYMBOLS = 12, KM_NUMBER_TEXT = 13, KM_NUMBER_SHOWN = 15 };

/* Makes one from 7 random bytes (56 bits, of which 55 are used). */
void km_number_make(const uint8_t random[static 7], char ret_number[static KM_NUMBER_TEXT]);

/* Reads what a person typed: any case, hyphens and spaces anywhere, O for 0, I and L for 1.
 * KM_MALFORMED, type "mark-number-form", where it is no number at all (length, other symbols);
 * KM_ABSENT, type "mark-number-check", where it has the form and the check symbol does not fit. */
enum km_error km_number_parse(const char *text, char ret_number[static KM_NUMBER_TEXT], struct km_problem *problem);

/* "7K3Q-9XM2-4HTT" */
void km_number_show(const char number[static KM_NUMBER_TEXT], char ret_text[static KM_NUMBER_SHOWN]);

#endif
