/*
 * Identifiers of Dutch and international companies, checked exactly.
 */
#ifndef KM_REGISTRY_IDENTIFIER_H
#define KM_REGISTRY_IDENTIFIER_H

#include "base/error.h"

#include <stdbool.h>

bool km_kvk_valid(const char *text);           /* Chamber of Commerce: 8 digits, leading zeros kept */
bool km_establishment_valid(const char *text); /* vestigingsnummer: 12 digits */
bool km_rsin_valid(const char *text);          /* 9 digits, 11-test with weights 9 to 2 and -1 */
bool km_lei_valid(const char *text);           /* ISO 17442: 18 of A-Z 0-9 and 2 check digits, ISO 7064 mod 97-10 */
bool km_euid_valid(const char *text);          /* country, register, ".", number: NLNHR.12345678 */
bool km_country_valid(const char *text);       /* ISO 3166-1 alpha-2, upper case, assigned */

enum { KM_EUID_MAX = 64, KM_DOMAIN_TEXT = 254, KM_EMAIL_TEXT = 255 };

/* A host name in any script, also with a trailing dot, as lower-case A-labels (IDNA2008, libidn2). Refuses an address,
 * a name without a dot, a port, a path. KM_INVALID with type "domain". */
enum km_error km_domain_normalise(const char *text, char ret_domain[static KM_DOMAIN_TEXT], struct km_problem *problem);

/* An e-mail address as it goes to a mail server: the part before the @ as it is (a dot-atom of RFC 5322, at most 64
 * characters of ASCII), the domain as A-labels. Whether it works, only a message that arrives can tell. KM_INVALID with
 * type "email". */
enum km_error km_email_normalise(const char *text, char ret_email[static KM_EMAIL_TEXT], struct km_problem *problem);

#endif
