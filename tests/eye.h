/*
 * How tests look at pictures: PNG by libpng, QR codes by zbar, neither of which drew them.
 */
#ifndef KM_TESTS_EYE_H
#define KM_TESTS_EYE_H

#include <stddef.h>
#include <stdint.h>

struct picture {
	int width, height;
	uint8_t *grey; /* owned; row by row */
};

/* Fails the test where the bytes are no PNG. */
struct picture picture_of_png(const char *bytes, size_t len);

void picture_done(struct picture *picture);
#define auto_picture __attribute__((cleanup(picture_done)))

/* What happens to a print before it is read, each as a new picture: turned on white by so many degrees, out of focus by
 * a Gauss curve of sigma pixels, saved as JPEG (by gdk-pixbuf), covered by a grey patch. */
struct picture picture_turned(const struct picture *picture, double degrees);
struct picture picture_blurred(const struct picture *picture, double sigma);
struct picture picture_as_jpeg(const struct picture *picture, int quality);
struct patch {
	int x, y, width, height;
};
struct picture picture_covered(const struct picture *picture, struct patch patch);

/* The text of the first QR code in it, the caller's (free); NULL where none can be read. */
char *read_qr(const struct picture *picture);

#endif
