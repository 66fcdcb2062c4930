#include "badge/raster.h"

#include "badge/bake.h"
#include "badge/qr.h"
#include "base/clock.h"

#include <cairo-pdf.h>
#include <cairo.h>
#include <librsvg/rsvg.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

enum { STRIP_MIN_MM = 60 }; /* its smallest text is then as high as in this: 1 mm */
static const double points_per_mm = 72 / 25.4;

static void unref_handle(RsvgHandle **handle)
{
	if (*handle)
		g_object_unref(*handle);
}
static void destroy_surface(cairo_surface_t **surface)
{
	if (*surface)
		cairo_surface_destroy(*surface);
}
static void destroy_cairo(cairo_t **cairo)
{
	if (*cairo)
		cairo_destroy(*cairo);
}
#define auto_handle  __attribute__((cleanup(unref_handle)))
#define auto_surface __attribute__((cleanup(destroy_surface)))
#define auto_cairo   __attribute__((cleanup(destroy_cairo)))

static enum km_error from_glib(GError *fault, struct km_problem *problem)
{
	enum km_error error = km_fail(problem, KM_BUG, "render", "librsvg: %s", fault ? fault->message : "no reason given");
	g_clear_error(&fault);
	return error;
}

static enum km_error from_cairo(cairo_status_t status, struct km_problem *problem)
{
	return status == CAIRO_STATUS_NO_MEMORY
	           ? km_fail_memory(problem)
	           : km_fail(problem, KM_BUG, "render", "cairo: %s", cairo_status_to_string(status));
}

/* The drawing without its credential, which would be parsed for nothing. */
static enum km_error load(const struct km_drawing *drawing, const struct km_mark *mark,
                          const struct km_catalogue *words, RsvgHandle **ret_handle, struct km_problem *problem)
{
	struct km_drawing plain = *drawing;
	plain.credential = NULL;
	auto_buf struct km_buf svg = KM_BUF_EMPTY;
	enum km_error error = km_badge_svg(&plain, mark, words, &svg, problem);
	if (error)
		return error;
	GError *fault = NULL;
	RsvgHandle *handle = rsvg_handle_new_from_data((const guint8 *)svg.data, svg.len, &fault);
	if (!handle)
		return from_glib(fault, problem);
	*ret_handle = handle;
	return KM_OK;
}

static cairo_status_t write_to_buf(void *context, const unsigned char *bytes, unsigned len)
{
	struct km_buf *buf = context;
	km_buf_add(buf, bytes, len);
	return buf->failed ? CAIRO_STATUS_NO_MEMORY : CAIRO_STATUS_SUCCESS;
}

static enum km_error render(RsvgHandle *handle, cairo_surface_t *surface, const RsvgRectangle *place,
                            struct km_problem *problem)
{
	auto_cairo cairo_t *cairo = cairo_create(surface);
	GError *fault = NULL;
	if (!rsvg_handle_render_document(handle, cairo, place, &fault))
		return from_glib(fault, problem);
	cairo_status_t status = cairo_status(cairo);
	return status ? from_cairo(status, problem) : KM_OK;
}

/* PNG */

enum km_error km_badge_png(const struct km_drawing *drawing, const struct km_mark *mark,
                           const struct km_catalogue *words, int width, struct km_buf *ret_png,
                           struct km_problem *problem)
{
	if (width < KM_RASTER_WIDTH_MIN || width > KM_RASTER_WIDTH_MAX)
		return km_fail(problem, KM_INVALID, "picture-size", "a picture of %d pixels: choose %d to %d", width,
		               KM_RASTER_WIDTH_MIN, KM_RASTER_WIDTH_MAX);
	struct km_badge_size size = km_badge_size(drawing->form);
	int height = (int)lround((double)width * size.height / size.width);
	auto_handle RsvgHandle *handle = NULL;
	enum km_error error = load(drawing, mark, words, &handle, problem);
	if (error)
		return error;
	auto_surface cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, width, height);
	RsvgRectangle whole = {.width = width, .height = height};
	error = render(handle, surface, &whole, problem);
	if (error)
		return error;
	auto_buf struct km_buf png = KM_BUF_EMPTY;
	cairo_status_t status = cairo_surface_write_to_png_stream(surface, write_to_buf, &png);
	if (status)
		return from_cairo(status, problem);
	if (drawing->credential)
		return km_bake_png(png.data, png.len, drawing->credential, ret_png, problem);
	km_buf_add(ret_png, png.data, png.len);
	return ret_png->failed ? km_fail_memory(problem) : KM_OK;
}

/* PDF */

enum km_error km_badge_print_min(const struct km_drawing *drawing, const struct km_mark *mark, int *ret_width_mm,
                                 struct km_problem *problem)
{
	struct km_badge_size size = km_badge_size(drawing->form);
	if (!size.qr) {
		*ret_width_mm = STRIP_MIN_MM;
		return KM_OK;
	}
	auto_free char *text = km_qr_compact_text(drawing->url, mark->number);
	if (!text)
		return km_fail_memory(problem);
	struct km_qr qr;
	enum km_error error = km_qr_encode(text, &qr, problem);
	if (error)
		return error;
	double module = (double)size.qr / (qr.modules + 2 * KM_QR_QUIET_ZONE) / size.width; /* as a part of the width */
	km_qr_done(&qr);
	*ret_width_mm = (int)ceil(KM_PRINT_MODULE_UM / 1000.0 / module);
	return KM_OK;
}

static enum km_error check_width(const struct km_drawing *drawing, const struct km_mark *mark, double width_mm,
                                 struct km_problem *problem)
{
	int least = 0;
	enum km_error error = km_badge_print_min(drawing, mark, &least, problem);
	if (error)
		return error;
	if (!(width_mm >= least && width_mm <= KM_PRINT_WIDTH_MAX_MM))
		return km_fail(problem, KM_INVALID, "print-size",
		               "a %s %.0f mm wide: choose %d to %d mm, so that it can be read",
		               km_badge_form_name(drawing->form), width_mm, least, KM_PRINT_WIDTH_MAX_MM);
	return KM_OK;
}

/* What lies on the page: the badge as it will be cut, and around it what is cut off. All in points. */
struct page {
	double width, height; /* of the badge */
	double bleed, margin; /* on each side; the bleed lies within the margin */
};

enum { CROP_MARK_MM = 4, CROP_GAP_MM = 1 };

static struct page lay_out(const struct km_drawing *drawing, const struct km_print *print)
{
	struct km_badge_size size = km_badge_size(drawing->form);
	struct page page = {.width = print->width_mm * points_per_mm};
	page.height = page.width * size.height / size.width;
	if (print->bleed) {
		page.bleed = KM_PRINT_BLEED_MM * points_per_mm;
		page.margin = page.bleed + (CROP_GAP_MM + CROP_MARK_MM) * points_per_mm;
	}
	return page;
}

static void draw_bleed(cairo_t *cairo, const struct page *page, const char *ground)
{
	unsigned long colour = strtoul(ground + 1, NULL, 16);
	cairo_set_source_rgb(cairo, (double)(colour >> 16 & 0xff) / 255, (double)(colour >> 8 & 0xff) / 255,
	                     (double)(colour & 0xff) / 255);
	cairo_rectangle(cairo, page->margin - page->bleed, page->margin - page->bleed, page->width + 2 * page->bleed,
	                page->height + 2 * page->bleed);
	cairo_fill(cairo);
}

/* At each corner two hairlines, which point at it and end before the bleed. */
static void draw_crop_marks(cairo_t *cairo, const struct page *page)
{
	double length = CROP_MARK_MM * points_per_mm;
	cairo_set_source_rgb(cairo, 0, 0, 0);
	cairo_set_line_width(cairo, 0.25);
	for (int corner = 0; corner < 4; corner++) {
		bool right = corner & 1, bottom = corner & 2;
		double x = page->margin + (right ? page->width : 0), y = page->margin + (bottom ? page->height : 0);
		double end_x = right ? page->width + 2 * page->margin : 0, end_y = bottom ? page->height + 2 * page->margin : 0;
		cairo_move_to(cairo, end_x, y);
		cairo_rel_line_to(cairo, right ? -length : length, 0);
		cairo_move_to(cairo, x, end_y);
		cairo_rel_line_to(cairo, 0, bottom ? -length : length);
	}
	cairo_stroke(cairo);
}

static void describe(cairo_surface_t *surface, const struct km_mark *mark)
{
	char number[KM_NUMBER_SHOWN], moment[KM_TIME_TEXT];
	km_number_show(mark->number, number);
	cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE, number);
	cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_SUBJECT, mark->provider->name);
	/* Not the clock's: the same mark gives the same bytes. */
	km_time_format(mark->changed_at, moment);
	cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATE_DATE, moment);
}

static enum km_error print_page(RsvgHandle *handle, cairo_surface_t *surface, const struct page *page,
                                const char *ground, struct km_problem *problem)
{
	if (page->bleed > 0) {
		auto_cairo cairo_t *cairo = cairo_create(surface);
		draw_bleed(cairo, page, ground);
		draw_crop_marks(cairo, page);
	}
	RsvgRectangle place = {.x = page->margin, .y = page->margin, .width = page->width, .height = page->height};
	enum km_error error = render(handle, surface, &place, problem);
	if (error)
		return error;
	cairo_surface_show_page(surface);
	cairo_surface_finish(surface);
	cairo_status_t status = cairo_surface_status(surface);
	return status ? from_cairo(status, problem) : KM_OK;
}

/* The credential goes into a PDF as a keyword of its own, which every reader of PDF shows and none trips over. */
static enum km_error bake(cairo_surface_t *surface, const char *credential, struct km_problem *problem)
{
	auto_buf struct km_buf keyword = KM_BUF_EMPTY;
	km_buf_add_text(&keyword, KM_PDF_KEYWORD);
	km_buf_add_text(&keyword, credential);
	if (keyword.failed)
		return km_fail_memory(problem);
	cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_KEYWORDS, keyword.data);
	return KM_OK;
}

enum km_error km_badge_pdf(const struct km_drawing *drawing, const struct km_mark *mark,
                           const struct km_catalogue *words, const struct km_print *print, struct km_buf *ret_pdf,
                           struct km_problem *problem)
{
	auto_handle RsvgHandle *handle = NULL;
	enum km_error error = check_width(drawing, mark, print->width_mm, problem);
	if (!error)
		error = load(drawing, mark, words, &handle, problem);
	if (error)
		return error;
	struct page page = lay_out(drawing, print);
	auto_buf struct km_buf pdf = KM_BUF_EMPTY;
	{
		auto_surface cairo_surface_t *surface = cairo_pdf_surface_create_for_stream(
			write_to_buf, &pdf, page.width + 2 * page.margin, page.height + 2 * page.margin);
		describe(surface, mark);
		error = drawing->credential ? bake(surface, drawing->credential, problem) : KM_OK;
		if (error)
			return error;
		error = print_page(handle, surface, &page, km_badge_ground(drawing->theme, mark->state), problem);
	}
	if (error)
		return error;
	km_buf_add(ret_pdf, pdf.data, pdf.len);
	return ret_pdf->failed ? km_fail_memory(problem) : KM_OK;
}
