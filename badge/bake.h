/*
 * A credential inside a picture (Open Badges 3.0, section 5.3): out of it again, and into a PNG. badge/drawing.h bakes
 * SVG while it draws. Every byte is hostile.
 */
#ifndef KM_BADGE_BAKE_H
#define KM_BADGE_BAKE_H

#include "base/buf.h"
#include "base/error.h"

#include <stddef.h>

enum { KM_PICTURE_MAX = 16 << 20, KM_TOKEN_MAX = 64 * 1024 };

/* A token is a compact JWS, three parts in base64url with a dot between them, of at most KM_TOKEN_MAX bytes. A picture
 * is at most KM_PICTURE_MAX bytes: over it, KM_TOO_LARGE. */

/* The token in the `verify` attribute of the first {https://purl.imsglobal.org/ob/v3p0}credential element of an SVG,
 * whatever the prefix; the caller's (free). KM_ABSENT where there is none; KM_MALFORMED where the XML is broken, has a
 * document type, or is no SVG. No entity is expanded and nothing is fetched. */
enum km_error km_unbake_svg(const char *bytes, size_t len, char **ret_token, struct km_problem *problem);

/* The token in the iTXt chunk "openbadgecredential" of a PNG; the caller's (free). KM_ABSENT where there is none;
 * KM_MALFORMED where a length or checksum is wrong, bytes follow the end, or there are two such chunks. */
enum km_error km_unbake_png(const char *bytes, size_t len, char **ret_token, struct km_problem *problem);

/* In a PDF of ours, what stands before the credential among the keywords of its information dictionary (ISO 32000-1,
 * 14.3.3). Open Badges has no baking for PDF. */
#define KM_PDF_KEYWORD "openbadgecredential:"

/* The credential among the keywords of a PDF. KM_ABSENT where there is none, KM_MALFORMED where there is more than one or
 * it breaks off. Nothing else of the PDF is read. */
enum km_error km_unbake_pdf(const char *bytes, size_t len, char **ret_token, struct km_problem *problem);

/* Adds the PNG with that chunk put in, before its end. The same refusals; KM_CONFLICT where it has one already. */
enum km_error km_bake_png(const char *bytes, size_t len, const char *token, struct km_buf *ret_png,
                          struct km_problem *problem);

#endif
