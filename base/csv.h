/*
 * Tables as spreadsheets save them: CSV (RFC 4180), one row at a time.
 *
 * Taken as they come: UTF-8 with or without a byte order mark, UTF-16 with one (Excel's "Unicode text"), and else
 * Windows-1252 (Excel's plain CSV); a comma, semicolon or tab between fields, whichever the first row has most of, or
 * the one that Excel's line "sep=;" names; lines that end in CR LF, LF or CR. Rows with nothing in them are passed
 * over.
 */
#ifndef KM_BASE_CSV_H
#define KM_BASE_CSV_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

enum { KM_CSV_FIELDS_MAX = 64, KM_CSV_FIELD_MAX = 8 * 1024, KM_CSV_ROW_MAX = 64 * 1024 }; /* the last two in bytes */

enum km_csv_encoding { KM_CSV_UTF_8, KM_CSV_UTF_16, KM_CSV_WINDOWS_1252 };

struct km_csv;

/* The bytes are borrowed until km_csv_free, which accepts NULL. KM_MALFORMED where this cannot be such a table: broken
 * UTF-16, or a NUL in it, as in a spreadsheet that was not saved as CSV. */
enum km_error km_csv_open(const char *bytes, size_t len, struct km_csv **ret_csv, struct km_problem *problem);
void km_csv_free(struct km_csv *csv);

enum km_csv_encoding km_csv_encoding(const struct km_csv *csv);
char km_csv_separator(const struct km_csv *csv);

struct km_csv_row {
	const char *const *fields; /* UTF-8, without the quotes; borrowed until the next call */
	size_t len;                /* 0 after the last row */
};

/* The next row. KM_MALFORMED, "csv-quote", for a quote in the wrong place or one that is not closed, and KM_TOO_LARGE,
 * "csv-field", "csv-fields" or "csv-row": of these the row is left out, and the next call goes on with the one after.
 */
enum km_error km_csv_next(struct km_csv *csv, struct km_csv_row *ret_row, struct km_problem *problem);

/* The line, from 1, on which the row of the last call begins, faulty or not. */
int64_t km_csv_line(const struct km_csv *csv);

/* How much has been read, from 0 to 100. */
unsigned km_csv_percent(const struct km_csv *csv);

#endif
