#include "badge/qr.h"
#include "badge/qr_token.h"
#include "base/buf.h"
#include "cli/command.h"
#include "cli/home.h"
#include "cli/output.h"
#include "registry/mark.h"

#include <stdlib.h>

enum { SCALE_USUAL = 8, SCALE_MAX = 64 };

static const struct km_option options[] = {
	KM_OPTION_OUTPUT("FILE.svg or FILE.png"),
	{"compact", 0, NULL, "the smallest code: the address of the page, and nothing signed", KM_OPTIONAL},
	{"scale", 0, "PIXELS", "pixels for each module of a PNG, 1 to 64 (default: 8)", KM_OPTIONAL},
	KM_OPTION_HOME,
	KM_OPTIONS_END,
};

static enum km_error read_options(const struct km_call *call, int *ret_scale, struct km_problem *problem)
{
	const char *scale = km_given(call, "scale");
	char *end = NULL;
	long pixels = scale ? strtol(scale, &end, 10) : SCALE_USUAL;
	if (scale && (!*scale || *end || pixels < 1 || pixels > SCALE_MAX))
		return km_wrong_usage(problem, "--scale %s: a number from 1 to %d is expected", scale, SCALE_MAX);
	if (scale && !km_output_ends_in(call, ".png"))
		return km_wrong_usage(problem, "--scale goes with -o FILE.png: an SVG has no pixels");
	if (km_given(call, "output") && !km_output_ends_in(call, ".svg") && !km_output_ends_in(call, ".png"))
		return km_wrong_usage(problem, "-o %s: the name must end in .svg or .png", km_given(call, "output"));
	*ret_scale = (int)pixels;
	return KM_OK;
}

static enum km_error write_text(const struct km_call *call, struct km_store *store, const char *number, char **ret_text,
                                struct km_problem *problem)
{
	auto_free char *token = NULL;
	bool compact = km_given(call, "compact");
	enum km_error error = compact ? KM_OK : km_mark_qr_token(store, number, &token, problem);
	if (error)
		return error;
	const char *url = km_store_url(store);
	char *text = compact ? km_qr_compact_text(url, number) : km_qr_token_text(url, token);
	if (!text)
		return km_fail_memory(problem);
	*ret_text = text;
	return KM_OK;
}

/* What the code holds of a mark that is in the register, so that none is ever made for a number that is not. */
static enum km_error find_text(const struct km_call *call, char ret_shown[static KM_NUMBER_SHOWN], char **ret_text,
                               struct km_problem *problem)
{
	char number[KM_NUMBER_TEXT];
	auto_store struct km_store *store = NULL;
	auto_mark struct km_mark *mark = NULL;
	enum km_error error = km_number_parse(call->operands[0], number, problem);
	if (!error)
		error = km_home_store(call, KM_STORE_READ, &store, problem);
	if (!error)
		error = km_mark_get(store, number, km_clock_now(&call->clock), &mark, problem);
	if (!error)
		error = write_text(call, store, number, ret_text, problem);
	if (!error)
		km_number_show(number, ret_shown);
	return error;
}

static enum km_error run(struct km_call *call, struct km_problem *problem)
{
	int scale = 0;
	char shown[KM_NUMBER_SHOWN];
	auto_free char *text = NULL;
	__attribute__((cleanup(km_qr_done))) struct km_qr qr = {0};
	auto_buf struct km_buf picture = KM_BUF_EMPTY;
	enum km_error error = read_options(call, &scale, problem);
	if (!error)
		error = find_text(call, shown, &text, problem);
	if (!error)
		error = km_qr_encode(text, &qr, problem);
	if (!error && km_output_ends_in(call, ".png"))
		error = km_qr_png(&qr, scale, &picture, problem);
	else if (!error)
		km_qr_svg(&qr, shown, &picture);
	return error ? error : km_output_write(call, &picture, problem);
}

const struct km_command km_qr_command = {
	.noun = "qr",
	.operands = "NUMBER",
	.operands_min = 1,
	.operands_max = 1,
	.summary = "make the signed QR code of a mark",
	.options = options,
	.run = run,
};
