#include "registry/supplier_list.h"

#include "base/csv.h"
#include "registry/identifier.h"
#include "registry/number.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEADING_MAX = 40, KVK_DIGITS = 8, LINE_DIGITS_MAX = 10 };

/* What the columns are called, in small letters and digits alone. */
static const struct {
	const char *heading;
	enum km_supplier_field field;
} headings[] = {
	{"name", KM_SUPPLIER_BY_NAME},
	{"naam", KM_SUPPLIER_BY_NAME},
	{"bedrijf", KM_SUPPLIER_BY_NAME},
	{"bedrijfsnaam", KM_SUPPLIER_BY_NAME},
	{"leverancier", KM_SUPPLIER_BY_NAME},
	{"leveranciersnaam", KM_SUPPLIER_BY_NAME},
	{"handelsnaam", KM_SUPPLIER_BY_NAME},
	{"organisatie", KM_SUPPLIER_BY_NAME},
	{"company", KM_SUPPLIER_BY_NAME},
	{"companyname", KM_SUPPLIER_BY_NAME},
	{"supplier", KM_SUPPLIER_BY_NAME},
	{"suppliername", KM_SUPPLIER_BY_NAME},
	{"organisation", KM_SUPPLIER_BY_NAME},
	{"organization", KM_SUPPLIER_BY_NAME},
	{"kvk", KM_SUPPLIER_BY_KVK},
	{"kvknummer", KM_SUPPLIER_BY_KVK},
	{"kvknr", KM_SUPPLIER_BY_KVK},
	{"kvknumber", KM_SUPPLIER_BY_KVK},
	{"coc", KM_SUPPLIER_BY_KVK},
	{"cocnumber", KM_SUPPLIER_BY_KVK},
	{"domain", KM_SUPPLIER_BY_DOMAIN},
	{"domein", KM_SUPPLIER_BY_DOMAIN},
	{"domeinnaam", KM_SUPPLIER_BY_DOMAIN},
	{"website", KM_SUPPLIER_BY_DOMAIN},
	{"site", KM_SUPPLIER_BY_DOMAIN},
	{"url", KM_SUPPLIER_BY_DOMAIN},
	{"number", KM_SUPPLIER_BY_NUMBER},
	{"mark", KM_SUPPLIER_BY_NUMBER},
	{"marknumber", KM_SUPPLIER_BY_NUMBER},
	{"keurmerk", KM_SUPPLIER_BY_NUMBER},
	{"keurmerknummer", KM_SUPPLIER_BY_NUMBER},
};

struct columns {
	bool named;
	int line;                   /* place of the column of that name, -1 where there is none */
	int of[KM_SUPPLIER_FIELDS]; /* place of each, -1 where there is none */
};

static enum km_supplier_field heading_field(const char *cell)
{
	char heading[HEADING_MAX + 1];
	size_t len = 0;
	for (; *cell && len < HEADING_MAX; cell++) {
		char c = *cell >= 'A' && *cell <= 'Z' ? (char)(*cell + 'a' - 'A') : *cell;
		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
			heading[len++] = c;
	}
	heading[len] = '\0';
	for (size_t i = 0; i < sizeof headings / sizeof *headings; i++)
		if (strcmp(headings[i].heading, heading) == 0)
			return headings[i].field;
	return KM_SUPPLIER_BY_NOTHING;
}

static struct columns read_headings(const struct km_csv_row *row)
{
	struct columns columns = {.named = false, .line = -1};
	for (size_t field = 0; field < KM_SUPPLIER_FIELDS; field++)
		columns.of[field] = -1;
	for (size_t i = 0; i < row->len; i++) {
		if (strcmp(row->fields[i], "line") == 0)
			columns.line = (int)i;
		enum km_supplier_field field = heading_field(row->fields[i]);
		if (field == KM_SUPPLIER_BY_NOTHING || columns.of[field] >= 0)
			continue;
		columns.of[field] = (int)i;
		columns.named = true;
	}
	return columns;
}

static size_t count_digits(const char *text)
{
	size_t digits = 0;
	for (; *text; text++) {
		if (*text >= '0' && *text <= '9')
			digits++;
		else if (*text != ' ' && *text != '.')
			return 0;
	}
	return digits;
}

static bool looks_like_number(const char *cell)
{
	struct km_problem problem = {0};
	char number[KM_NUMBER_TEXT];
	/* A word of twelve letters may have the form by chance. */
	return km_number_parse(cell, number, &problem) != KM_MALFORMED && cell[strcspn(cell, "0123456789")];
}

static bool looks_like_domain(const char *cell)
{
	size_t len = strlen(cell);
	const char *dot = strchr(cell, '.');
	return dot && dot > cell && !strpbrk(cell, " \t") && cell[len - 1] != '.';
}

/* Each cell for what it looks like; the first that looks like nothing else is the name. */
static struct km_supplier guess(const struct km_csv_row *row)
{
	struct km_supplier given = {0};
	for (size_t i = 0; i < row->len; i++) {
		const char *cell = row->fields[i];
		const char **place = count_digits(cell) == KVK_DIGITS ? &given.kvk
		                     : looks_like_number(cell)        ? &given.number
		                     : looks_like_domain(cell)        ? &given.domain
		                                                      : &given.name;
		if (*cell && !*place)
			*place = cell;
	}
	return given;
}

static const char *cell_of(const struct km_csv_row *row, int column)
{
	return column >= 0 && (size_t)column < row->len && *row->fields[column] ? row->fields[column] : NULL;
}

/* `room` holds a KvK number that was given its zero back. */
static struct km_supplier take(const struct km_csv_row *row, const struct columns *columns,
                               char room[static KVK_DIGITS + 1])
{
	if (!columns->named)
		return guess(row);
	struct km_supplier given = {.name = cell_of(row, columns->of[KM_SUPPLIER_BY_NAME]),
	                            .kvk = cell_of(row, columns->of[KM_SUPPLIER_BY_KVK]),
	                            .domain = cell_of(row, columns->of[KM_SUPPLIER_BY_DOMAIN]),
	                            .number = cell_of(row, columns->of[KM_SUPPLIER_BY_NUMBER])};
	if (given.kvk && strlen(given.kvk) == KVK_DIGITS - 1 && count_digits(given.kvk) == KVK_DIGITS - 1) {
		snprintf(room, KVK_DIGITS + 1, "0%s", given.kvk);
		given.kvk = room;
	}
	return given;
}

/* Where the row stood: as it says itself, or in this list. */
static int64_t line_of(const struct km_csv_row *row, const struct columns *columns, int64_t line)
{
	const char *cell = columns->named ? cell_of(row, columns->line) : NULL;
	bool good = cell && strlen(cell) < LINE_DIGITS_MAX && cell[strspn(cell, "0123456789")] == '\0';
	return good ? strtoll(cell, NULL, 10) : line;
}

struct list {
	struct km_store *store;
	int64_t at;
	struct columns columns;
	size_t rows, near;
	enum km_error (*each)(void *context, const struct km_supplier_row *row);
	void *context;
};

/* A row that was read, or, with row NULL, one that could not be. */
static enum km_error check_row(struct list *list, int64_t line, const struct km_csv_row *row,
                               struct km_problem *problem)
{
	if (list->rows++ == KM_SUPPLIERS_MAX)
		return km_fail(problem, KM_TOO_LARGE, "list-too-long", "the list has more than %d rows: split it in two",
		               KM_SUPPLIERS_MAX);
	char room[KVK_DIGITS + 1];
	auto_supplier struct km_supplier_result result = {.answer = KM_SUPPLIER_MISTYPED};
	struct km_supplier_row shown = {.line = line, .result = &result};
	enum km_error error = KM_OK;
	if (row) {
		shown.line = line_of(row, &list->columns, line);
		shown.given = take(row, &list->columns, room);
		error = km_supplier_check(list->store, &shown.given, list->at, list->near < KM_SUPPLIERS_NEAR_MAX, &result,
		                          problem);
		list->near += !error && result.answer == KM_SUPPLIER_UNKNOWN && shown.given.name;
	}
	return error ? error : list->each(list->context, &shown);
}

static bool row_is_unreadable(enum km_error error)
{
	return error == KM_MALFORMED || error == KM_TOO_LARGE;
}

static enum km_error check_rows(struct list *list, struct km_csv *csv, struct km_problem *problem)
{
	for (bool first = true;; first = false) {
		struct km_csv_row row;
		enum km_error error = km_csv_next(csv, &row, problem);
		if (error && !row_is_unreadable(error))
			return error;
		if (!error && !row.len)
			return list->rows ? KM_OK : km_fail(problem, KM_INVALID, "list-empty", "there is no company in this list");
		if (!error && first) {
			list->columns = read_headings(&row);
			if (list->columns.named)
				continue;
		}
		error = check_row(list, km_csv_line(csv), error ? NULL : &row, problem);
		if (error)
			return error;
	}
}

enum km_error km_supplier_list(struct km_store *store, const char *bytes, size_t len, int64_t at,
                               enum km_error (*each)(void *context, const struct km_supplier_row *row), void *context,
                               struct km_problem *problem)
{
	if (len > KM_SUPPLIER_LIST_MAX)
		return km_fail(problem, KM_TOO_LARGE, "list-too-long", "the list has more than %d bytes: split it in two",
		               KM_SUPPLIER_LIST_MAX);
	struct km_csv *csv = NULL;
	enum km_error error = km_csv_open(bytes, len, &csv, problem);
	if (error)
		return error;
	struct list list = {.store = store, .at = at, .each = each, .context = context};
	error = check_rows(&list, csv, problem);
	km_csv_free(csv);
	return error;
}
