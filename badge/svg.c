#include "badge/svg.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

void km_svg_number(struct km_buf *buf, double number)
{
	long long hundredths = llround(fmin(fmax(number, -1e9), 1e9) * 100);
	if (hundredths < 0) {
		km_buf_add_char(buf, '-');
		hundredths = -hundredths;
	}
	km_buf_add_format(buf, "%lld", hundredths / 100);
	int rest = (int)(hundredths % 100);
	if (rest) {
		km_buf_add_char(buf, '.');
		km_buf_add_char(buf, (char)('0' + rest / 10));
		if (rest % 10)
			km_buf_add_char(buf, (char)('0' + rest % 10));
	}
}

void km_svg_add(struct km_buf *buf, const char *text, ...)
{
	va_list numbers;
	va_start(numbers, text);
	for (;;) {
		size_t plain = strcspn(text, "%");
		km_buf_add(buf, text, plain);
		if (!text[plain])
			break;
		km_svg_number(buf, va_arg(numbers, double));
		text += plain + 1;
	}
	va_end(numbers);
}
