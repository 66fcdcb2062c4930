#include "registry/provider_import.h"

#include "base/csv.h"
#include "registry/provider.h"
#include "registry/sql.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { PROGRESS_ROWS = 1000 };

enum column {
	KVK,
	NAME,
	TRADE_NAMES,
	DOMAINS,
	CITY,
	REGION,
	COUNTRY,
	ESTABLISHMENT,
	RSIN,
	LEI,
	EUID,
	CONTACT_NAME,
	CONTACT_EMAIL,
	CONTACT_PHONE,
	CONTACT_LANGUAGE,
	COLUMNS,
	NO_COLUMN, /* a header cell that is empty */
};

/* The name in the header, and the types of the problems that lie in that column. */
static const struct {
	const char *name, *fault, *taken;
} columns[COLUMNS] = {
	[KVK] = {"kvk", "kvk", "kvk-taken"},
	[NAME] = {"name", "name", NULL},
	[TRADE_NAMES] = {"trade_names", "trade-names", NULL},
	[DOMAINS] = {"domains", "domain", "domain-taken"},
	[CITY] = {"city", "city", NULL},
	[REGION] = {"region", "region", NULL},
	[COUNTRY] = {"country", "country", NULL},
	[ESTABLISHMENT] = {"establishment", "establishment", NULL},
	[RSIN] = {"rsin", "rsin", "rsin-taken"},
	[LEI] = {"lei", "lei", "lei-taken"},
	[EUID] = {"euid", "euid", NULL},
	[CONTACT_NAME] = {"contact_name", "contact-name", NULL},
	[CONTACT_EMAIL] = {"contact_email", "contact-email", NULL},
	[CONTACT_PHONE] = {"contact_phone", "contact-phone", NULL},
	[CONTACT_LANGUAGE] = {"contact_language", "contact-language", NULL},
};

struct import {
	struct km_store *store;
	int64_t now;
	const struct km_import_watch *watch;
	struct km_csv *csv; /* owned by km_provider_import */
	enum column header[KM_CSV_FIELDS_MAX];
	size_t header_len;
	size_t rows, faults;
	/* The row at hand, trimmed; NULL where a cell is empty. */
	char text[KM_CSV_ROW_MAX];
	char *cells[COLUMNS];
	const char *trade_names[KM_TRADE_NAMES_MAX + 1]; /* one more, so that too many are noticed */
	struct km_domain domains[KM_DOMAINS_MAX + 1];
};

/* ------------------------------------------------------------------------------------------------------- the cells */

static bool is_space_at(const char *text, size_t *ret_bytes)
{
	*ret_bytes = strncmp(text, "\u00a0", 2) == 0 ? 2 : 1;
	return *ret_bytes == 2 || (*text && strchr(" \t\n", *text));
}

/* Cuts white space off both ends, in place. */
static char *trim(char *text)
{
	size_t bytes, end = 0;
	while (is_space_at(text, &bytes))
		text += bytes;
	for (size_t at = 0; text[at]; at += bytes)
		if (!is_space_at(text + at, &bytes))
			end = at + bytes;
	text[end] = '\0';
	return text;
}

/* The next of several in a cell, NULL after the last; empty ones are passed over. */
static char *next_part(char **rest)
{
	while (*rest) {
		char *part = *rest, *bar = strchr(part, '|');
		*rest = bar ? bar + 1 : NULL;
		if (bar)
			*bar = '\0';
		part = trim(part);
		if (*part)
			return part;
	}
	return NULL;
}

/* ------------------------------------------------------------------------------------------------------ the header */

static enum km_error read_header_cell(struct import *import, const char *cell, struct km_problem *problem)
{
	snprintf(import->text, sizeof import->text, "%s", cell);
	const char *name = trim(import->text);
	enum column column = 0;
	while (column < COLUMNS && strcasecmp(columns[column].name, name) != 0)
		column++;
	if (!*name)
		column = NO_COLUMN;
	if (column == COLUMNS)
		return km_fail(
			problem, KM_INVALID, "import-columns",
			"there is no column \"%.60s\"; the columns are kvk, name, trade_names, domains, city, region, country, "
			"establishment, rsin, lei, euid, contact_name, contact_email, contact_phone, contact_language",
			name);
	for (size_t i = 0; i < import->header_len; i++)
		if (import->header[i] == column && column != NO_COLUMN)
			return km_fail(problem, KM_INVALID, "import-columns", "the column %s is there twice", columns[column].name);
	import->header[import->header_len++] = column;
	return KM_OK;
}

static enum km_error read_header(struct import *import, struct km_problem *problem)
{
	struct km_csv_row row = {0};
	enum km_error error = km_csv_next(import->csv, &row, problem);
	for (size_t i = 0; !error && i < row.len; i++)
		error = read_header_cell(import, row.fields[i], problem);
	for (enum column needed = KVK; !error && needed <= NAME; needed++) {
		size_t i = 0;
		while (i < import->header_len && import->header[i] != needed)
			i++;
		if (i == import->header_len)
			error = km_fail(problem, KM_INVALID, "import-columns",
			                "the first row must name the columns, and %s is not among them", columns[needed].name);
	}
	if (error)
		km_problem_prefix(problem, "line %lld", (long long)km_csv_line(import->csv));
	return error;
}

/* -------------------------------------------------------------------------------------------------------- the rows */

static enum km_error read_cells(struct import *import, const struct km_csv_row *row, struct km_problem *problem)
{
	if (row->len != import->header_len)
		return km_fail(problem, KM_INVALID, "import-row", "the row has %zu fields, and the first row has %zu", row->len,
		               import->header_len);
	memset(import->cells, 0, sizeof import->cells);
	size_t used = 0;
	for (size_t i = 0; i < row->len; i++) {
		size_t size = strlen(row->fields[i]) + 1;
		char *copy = memcpy(import->text + used, row->fields[i], size); /* no row is longer than the buffer */
		used += size;
		char *cell = trim(copy);
		if (!*cell)
			continue;
		if (import->header[i] == NO_COLUMN)
			return km_fail(problem, KM_INVALID, "import-row", "field %zu is in a column without a name", i + 1);
		import->cells[import->header[i]] = cell;
	}
	return KM_OK;
}

static enum km_error add_row(struct import *import, const struct km_csv_row *row, struct km_problem *problem)
{
	enum km_error error = read_cells(import, row, problem);
	if (error)
		return error;
	char **cells = import->cells;
	struct km_provider provider = {
		.kvk = cells[KVK],
		.establishment = cells[ESTABLISHMENT],
		.rsin = cells[RSIN],
		.lei = cells[LEI],
		.euid = cells[EUID],
		.name = cells[NAME],
		.trade_names = import->trade_names,
		.domains = import->domains,
		.city = cells[CITY],
		.region = cells[REGION],
		.country = cells[COUNTRY],
	};
	const struct km_provider_contact contact = {
		.name = cells[CONTACT_NAME],
		.email = cells[CONTACT_EMAIL],
		.phone = cells[CONTACT_PHONE],
		.language = cells[CONTACT_LANGUAGE],
	};
	char *part, *rest = cells[TRADE_NAMES];
	while (provider.trade_names_len <= KM_TRADE_NAMES_MAX && (part = next_part(&rest)))
		import->trade_names[provider.trade_names_len++] = part;
	rest = cells[DOMAINS];
	while (provider.domains_len <= KM_DOMAINS_MAX && (part = next_part(&rest)))
		import->domains[provider.domains_len++].name = part;
	return km_provider_add(import->store, &provider, &contact, import->now, problem);
}

/* True where the fault lies in what the row says; anything else ends the import. */
static bool is_fault_of_row(const struct km_problem *fault, const char **ret_column)
{
	*ret_column = NULL;
	if (strcmp(fault->type, "import-row") == 0 || strncmp(fault->type, "csv-", 4) == 0)
		return true;
	for (enum column column = 0; column < COLUMNS; column++) {
		if (strcmp(fault->type, columns[column].fault) == 0 ||
		    (columns[column].taken && strcmp(fault->type, columns[column].taken) == 0)) {
			*ret_column = columns[column].name;
			return true;
		}
	}
	return false;
}

static void report_progress(const struct import *import)
{
	if (import->watch && import->watch->progress)
		import->watch->progress(import->watch->context, import->rows, km_csv_percent(import->csv));
}

static enum km_error add_rows(struct import *import, struct km_problem *problem)
{
	for (;;) {
		struct km_problem fault = {0};
		struct km_csv_row row = {0};
		enum km_error error = km_csv_next(import->csv, &row, &fault);
		if (!error && !row.len)
			break;
		if (!error)
			error = add_row(import, &row, &fault);
		const char *column;
		if (error && !is_fault_of_row(&fault, &column)) {
			if (problem)
				*problem = fault;
			return error;
		}
		if (error) {
			import->faults++;
			if (import->watch && import->watch->fault)
				import->watch->fault(import->watch->context, km_csv_line(import->csv), column, &fault);
		}
		if (++import->rows % PROGRESS_ROWS == 0)
			report_progress(import);
	}
	report_progress(import);
	if (import->faults)
		return km_fail(problem, KM_INVALID, "import",
		               "%zu of %zu rows cannot be taken, so nothing was added: mend those, and import again",
		               import->faults, import->rows);
	return KM_OK;
}

static enum km_error execute(struct km_store *store, const char *literal, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store, literal, &statement, problem);
	return error ? error : km_sql_run(statement, problem);
}

/* Between two savepoints, so that nothing is left of an import that failed, whatever the caller does then. */
static enum km_error import_all(struct import *import, struct km_problem *problem)
{
	enum km_error error = execute(import->store, "SAVEPOINT provider_import", problem);
	if (error)
		return error;
	error = add_rows(import, problem);
	if (error)
		execute(import->store, "ROLLBACK TO provider_import", NULL);
	enum km_error release = execute(import->store, "RELEASE provider_import", error ? NULL : problem);
	return error ? error : release;
}

enum km_error km_provider_import(struct km_store *store, const char *bytes, size_t len, int64_t now,
                                 const struct km_import_watch *watch, size_t *ret_added, struct km_problem *problem)
{
	if (len > KM_IMPORT_MAX)
		return km_fail(problem, KM_TOO_LARGE, "import-too-large", "a table to import has at most %d MiB",
		               KM_IMPORT_MAX >> 20);
	struct import *import = calloc(1, sizeof *import);
	if (!import)
		return km_fail_memory(problem);
	import->store = store;
	import->now = now;
	import->watch = watch;
	enum km_error error = km_csv_open(bytes, len, &import->csv, problem);
	if (!error)
		error = read_header(import, problem);
	if (!error)
		error = import_all(import, problem);
	if (!error)
		*ret_added = import->rows;
	km_csv_free(import->csv);
	free(import);
	return error;
}
