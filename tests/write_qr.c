/*
 * write_qr FILE.png TEXT: a QR code with this text, for tests that show their own to a scanner.
 */
#include "badge/qr.h"

#include <stdio.h>

enum { SCALE = 6 };

int main(int argc, char **argv)
{
	struct km_problem problem = {0};
	struct km_qr qr = {0};
	auto_buf struct km_buf png = KM_BUF_EMPTY;
	FILE *file = argc == 3 ? fopen(argv[1], "wb") : NULL;
	enum km_error error = file ? km_qr_encode(argv[2], &qr, &problem) : KM_IO;
	if (!error)
		error = km_qr_png(&qr, SCALE, &png, &problem);
	if (!error && fwrite(png.data, 1, png.len, file) != png.len)
		error = KM_IO;
	if (file && fclose(file) != 0)
		error = KM_IO;
	km_qr_done(&qr);
	if (error)
		fprintf(stderr, "write_qr: %s\n", *problem.message ? problem.message : "cannot write the file");
	return error ? 1 : 0;
}
