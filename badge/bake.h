/*
 * Getting the credential out of a picture. Every byte is hostile.
 */
#ifndef KM_BADGE_BAKE_H
#define KM_BADGE_BAKE_H

#include "base/error.h"

#include <stddef.h>

enum { KM_PICTURE_MAX = 16 << 20, KM_TOKEN_MAX = 64 * 1024 };

/* The compact JWS in the `verify` attribute of the first {https://purl.imsglobal.org/ob/v3p0}credential element of an SVG,
 * whatever the prefix; the caller's (free). KM_ABSENT where there is none, KM_MALFORMED where the XML is broken. No
 * entity is expanded and nothing is fetched. */
enum km_error km_unbake_svg(const char *bytes, size_t len, char **ret_token, struct km_problem *problem);

/* The text of the iTXt chunk "openbadgecredential" of a PNG. */
enum km_error km_unbake_png(const char *bytes, size_t len, char **ret_token, struct km_problem *problem);

#endif
