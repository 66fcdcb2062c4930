/*
 * Reading the QR code in a photo: by libzbar, from a picture that gdk-pixbuf decodes.
 */
#ifndef KM_BADGE_PHOTO_H
#define KM_BADGE_PHOTO_H

#include "base/error.h"

#include <stddef.h>

enum { KM_PHOTO_SIDE_MAX = 12000, KM_PHOTO_PIXELS_MAX = 50000000 };

/* The text of the one QR code in a PNG or JPEG; the caller's (free). Nothing in it is believed yet.
 *   KM_ABSENT    "no-picture" it is neither, "no-qr" there is none in it that can be read
 *   KM_CONFLICT  "many-qr"    there are several, which say different things
 *   KM_TOO_LARGE "picture"    over KM_PHOTO_SIDE_MAX or KM_PHOTO_PIXELS_MAX */
enum km_error km_photo_text(const char *bytes, size_t len, char **ret_text, struct km_problem *problem);

#endif
