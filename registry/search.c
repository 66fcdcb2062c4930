#include "registry/search.h"

#include "base/buf.h"
#include "base/encode.h"
#include "registry/identifier.h"
#include "registry/scheme.h"
#include "registry/sql.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

enum { WORDS_MAX = 16, SCHEMES_KEPT = 8, FEW = 40 };

struct search {
	struct km_store *store;
	int64_t at;
	int64_t limit, offset;
	const struct km_filter *filter;
	bool filtered;
	bool counted;   /* here, and not by a statement's LIMIT and OFFSET, which hits are on the page */
	int64_t before; /* all marks: those with a lower id */
	int64_t passed; /* hits that fitted and lay before the offset, where counted */
	enum km_error (*each)(void *context, const struct km_hit *hit);
	void *context;
	bool bare;
	size_t hits;                             /* found so far */
	struct km_scheme *schemes[SCHEMES_KEPT]; /* owned; NULL where free */
	size_t next_scheme;                      /* the place to use next */
	struct km_problem wrong_check;           /* set where the text looks like a number and is none */
};

/* ---------------------------------------------------------------------------------------------------------- hits */

/* What each statement below selects, in the order in which read_hit takes it. A mark counts from its first period on;
 * its state is that of the last one recorded of those that hold at :at. Each look-up goes by a key. */
#define HIT                                                                                                            \
	"provider.name, coalesce(provider.kvk, ''), provider.city, "                                                       \
	"(SELECT domain FROM provider_domain WHERE provider_id = provider.id ORDER BY position LIMIT 1), "                 \
	"mark.number, mark.scheme_id, p.scheme_version, p.level, p.state, p.holds_from, p.recorded_at, p.valid_from, "     \
	"p.valid_until, p.surveillance_due, p.surveillance_limit, p.suspension_limit, p.scope, provider.region "
#define OF_MARK                                                                                                        \
	"p.mark_id = mark.id AND p.sequence = (SELECT q.sequence FROM mark_period AS q "                                   \
	"WHERE q.mark_id = mark.id AND q.holds_from <= :at ORDER BY q.sequence DESC LIMIT 1) "
#define MARKS_OF_PROVIDER                                                                                              \
	"LEFT JOIN mark ON mark.provider_id = provider.id AND "                                                            \
	"EXISTS (SELECT 1 FROM mark_period AS q WHERE q.mark_id = mark.id AND q.holds_from <= :at) "                       \
	"LEFT JOIN mark_period AS p ON " OF_MARK

static struct km_period read_period(struct km_statement *statement)
{
	return (struct km_period){
		.state = km_state_named(km_sql_get_text(statement, 8)),
		.holds_from = km_sql_get_int(statement, 9),
		.recorded_at = km_sql_get_int(statement, 10),
		.valid_from = km_sql_get_int(statement, 11),
		.valid_until = km_sql_get_int(statement, 12),
		.surveillance_due = km_sql_get_int(statement, 13),
		.surveillance_limit = km_sql_get_int(statement, 14),
		.suspension_limit = km_sql_get_int(statement, 15),
	};
}

/* The scheme in that version, borrowed until the next call: a page of hits has few, so each is read once. */
static enum km_error find_scheme(struct search *search, const char *id, int version,
                                 const struct km_scheme **ret_scheme, struct km_problem *problem)
{
	for (size_t i = 0; i < SCHEMES_KEPT; i++) {
		const struct km_scheme *kept = search->schemes[i];
		if (kept && kept->version == version && strcmp(kept->id, id) == 0) {
			*ret_scheme = kept;
			return KM_OK;
		}
	}
	struct km_scheme *scheme = NULL;
	enum km_error error = km_scheme_get(search->store, id, version, &scheme, problem);
	if (error)
		return error;
	struct km_scheme **place = &search->schemes[search->next_scheme++ % SCHEMES_KEPT];
	km_scheme_free(*place);
	*place = scheme;
	*ret_scheme = scheme;
	return KM_OK;
}

static enum km_error read_hit(struct search *search, struct km_statement *statement, struct km_hit *hit,
                              struct km_problem *problem)
{
	*hit = (struct km_hit){
		.provider_name = km_sql_get_text(statement, 0),
		.kvk = km_sql_get_text(statement, 1),
		.city = km_sql_get_text(statement, 2),
		.domain = km_sql_get_text(statement, 3),
		.number = km_sql_get_text(statement, 4),
	};
	if (!hit->number)
		return KM_OK;
	hit->scheme_id = km_sql_get_text(statement, 5);
	hit->level = km_sql_get_text(statement, 7);
	const struct km_scheme *scheme = NULL;
	enum km_error error = KM_OK;
	if (!search->bare)
		error = find_scheme(search, hit->scheme_id, (int)km_sql_get_int(statement, 6), &scheme, problem);
	if (error)
		return error;
	if (scheme)
		memcpy(hit->scheme_name, scheme->name.in, sizeof hit->scheme_name);
	struct km_period period = read_period(statement);
	int64_t since, next_change;
	km_mark_lapse(&period, search->at, &hit->state, &since, &next_change);
	hit->valid_until = period.valid_until;
	hit->scope = km_sql_get_text(statement, 16);
	hit->region = km_sql_get_text(statement, 17);
	return KM_OK;
}

/* Whether this hit is one to tell. */
static bool counts(struct search *search, const struct km_hit *hit)
{
	if (!search->counted)
		return true;
	const struct km_filtered mark = {hit->scheme_id, hit->scope, hit->level, hit->region, hit->city, hit->state};
	bool fits = !search->filtered || (hit->number && km_filter_fits(search->filter, &mark));
	return fits && search->passed++ >= search->offset;
}

/* Runs a statement that selects HIT, with what all of them need bound here. */
static enum km_error run(struct search *search, struct km_statement *statement, struct km_problem *problem)
{
	km_sql_int(statement, ":at", search->at);
	km_sql_int(statement, ":limit", search->counted ? INT64_MAX : search->limit);
	km_sql_int(statement, ":offset", search->counted ? 0 : search->offset);
	for (bool row = true; (int64_t)search->hits < search->limit;) {
		struct km_hit hit;
		enum km_error error = km_sql_step(statement, &row, problem);
		if (error || !row)
			return error;
		error = read_hit(search, statement, &hit, problem);
		if (error)
			return error;
		if (!counts(search, &hit))
			continue;
		error = search->each(search->context, &hit);
		if (error)
			return error;
		search->hits++;
	}
	return KM_OK;
}

/* Where the list goes on. */
static enum km_error find_before(struct search *search, const char *after, struct km_problem *problem)
{
	search->before = INT64_MAX;
	if (!after)
		return KM_OK;
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(search->store, "SELECT id FROM mark WHERE number = :number", &statement, problem);
	if (error)
		return error;
	km_sql_text(statement, ":number", after);
	bool row = false;
	error = km_sql_step(statement, &row, problem);
	if (!error && !row)
		return km_fail(problem, KM_ABSENT, "after", "there is no mark with the number %.20s to go on from", after);
	if (!error)
		search->before = km_sql_get_int(statement, 0);
	return error;
}

/* Newest first. */
static enum km_error find_all(struct search *search, const char *after, struct km_problem *problem)
{
	char facet[KM_FACET_TEXT];
	enum km_error error = find_before(search, after, problem);
	if (error)
		return error;
	auto_statement struct km_statement *statement = NULL;
	if (search->filtered)
		km_filter_facet(search->filter, facet);
	error = search->filtered
	            ? km_sql(search->store,
	                     "SELECT " HIT "FROM mark_facet AS f JOIN mark ON mark.id = f.mark_id "
	                     "JOIN mark_period AS p ON " OF_MARK "JOIN provider ON provider.id = mark.provider_id "
	                     "WHERE f.facet = :facet AND f.mark_id < :before "
	                     "ORDER BY f.mark_id DESC LIMIT :limit OFFSET :offset",
	                     &statement, problem)
	            : km_sql(search->store,
	                     "SELECT " HIT "FROM mark JOIN mark_period AS p ON " OF_MARK
	                     "JOIN provider ON provider.id = mark.provider_id WHERE mark.id < :before "
	                     "ORDER BY mark.id DESC LIMIT :limit OFFSET :offset",
	                     &statement, problem);
	if (error)
		return error;
	if (search->filtered)
		km_sql_text(statement, ":facet", facet);
	km_sql_int(statement, ":before", search->before);
	return run(search, statement, problem);
}

/* Runs a statement with the one further parameter :key. */
static enum km_error find(struct search *search, const char *literal, const char *key, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(search->store, literal, &statement, problem);
	if (error)
		return error;
	km_sql_text(statement, ":key", key);
	return run(search, statement, problem);
}

/* ------------------------------------------------------------------------------------ ways to read what was typed */

/* Each looks for what the text means when it is read in this way. *ret_fits tells whether it can be. */

/* The number within https://keurmerk.example/m/NUMBER… of this registry; NULL where the text is no such link. */
static const char *number_in_link(const struct search *search, const char *text)
{
	const char *url = km_store_url(search->store);
	size_t len = strlen(url);
	if (strncasecmp(text, url, len) != 0 || strncasecmp(text + len, "/m/", 3) != 0)
		return NULL;
	return text + len + 3;
}

static bool has_any(const char *text, const char *symbols)
{
	return text[strcspn(text, symbols)] != '\0';
}

static enum km_error read_as_number(struct search *search, const char *text, bool *ret_fits, struct km_problem *problem)
{
	char typed[KM_QUERY_TEXT_MAX + 1], number[KM_NUMBER_TEXT];
	const char *linked = number_in_link(search, text);
	const char *from = linked ? linked : text;
	size_t len = linked ? strcspn(linked, "./?#") : strlen(text);
	memcpy(typed, from, len);
	typed[len] = '\0';
	enum km_error error = km_number_parse(typed, number, &search->wrong_check);
	/* Words of twelve letters are commoner than numbers without a digit: such a one must be found, or be grouped. */
	bool may_be_word = !linked && !has_any(typed, "0123456789-");
	if (error != KM_ABSENT || may_be_word)
		search->wrong_check = (struct km_problem){0};
	if (error)
		return KM_OK;
	*ret_fits = !may_be_word;
	return find(search,
	            "SELECT " HIT "FROM mark JOIN mark_period AS p ON " OF_MARK
	            "JOIN provider ON provider.id = mark.provider_id WHERE mark.number = :key LIMIT :limit OFFSET :offset",
	            number, problem);
}

/* "68750110", "KvK 68750110", "kvk-nummer: 68 75 01 10". */
static enum km_error read_as_kvk(struct search *search, const char *text, bool *ret_fits, struct km_problem *problem)
{
	char kvk[9];
	size_t len = 0;
	if (strncasecmp(text, "kvk", 3) == 0) {
		text += 3;
		size_t word = strncasecmp(text, "-nummer", 7) == 0 || strncasecmp(text, " nummer", 7) == 0 ? 7 : 0;
		text += word + strspn(text + word, ": ");
	}
	for (; *text; text++) {
		if (*text == ' ' || *text == '.')
			continue;
		if (*text < '0' || *text > '9' || len == 8)
			return KM_OK;
		kvk[len++] = *text;
	}
	kvk[len] = '\0';
	if (len != 8)
		return KM_OK;
	*ret_fits = true;
	return find(search,
	            "SELECT " HIT "FROM provider " MARKS_OF_PROVIDER
	            "WHERE provider.kvk = :key ORDER BY mark.id DESC LIMIT :limit OFFSET :offset",
	            kvk, problem);
}

/* The host of a URL or an e-mail address, or the text itself; false where it has not the form of any. */
static bool domain_in(const char *text, char ret_domain[static KM_DOMAIN_TEXT])
{
	char host[KM_QUERY_TEXT_MAX + 1];
	const char *scheme_end = strstr(text, "://");
	if (scheme_end)
		text = scheme_end + 3;
	size_t len = strcspn(text, "/?#\\");
	memcpy(host, text, len);
	host[len] = '\0';
	char *start = strrchr(host, '@');
	start = start ? start + 1 : host;
	start[strcspn(start, ":>,;")] = '\0';
	return km_domain_normalise(start, ret_domain, NULL) == KM_OK;
}

static enum km_error read_as_domain(struct search *search, const char *text, bool *ret_fits, struct km_problem *problem)
{
	static const char by_domain[] = "SELECT " HIT "FROM provider_domain AS d "
									"JOIN provider ON provider.id = d.provider_id " MARKS_OF_PROVIDER
									"WHERE d.domain = :key ORDER BY mark.id DESC LIMIT :limit OFFSET :offset";
	char domain[4 + KM_DOMAIN_TEXT] = "www.";
	if (!domain_in(text, domain + 4))
		return KM_OK;
	*ret_fits = true;
	enum km_error error = find(search, by_domain, domain + 4, problem);
	if (error || search->hits)
		return error;
	bool has_www = strncmp(domain + 4, "www.", 4) == 0;
	return find(search, by_domain, has_www ? domain + 8 : domain, problem);
}

/* The words as a query of FTS5: each in quotation marks, as a beginning. Nothing that is typed can be an operator. */
static enum km_error match_for(const char *text, struct km_buf *match, struct km_problem *problem)
{
	static const char spaces[] = " \t\r\n";
	for (size_t words = 0; words < WORDS_MAX; words++) {
		text += strspn(text, spaces);
		size_t len = strcspn(text, spaces);
		if (!len)
			break;
		km_buf_add_char(match, '"');
		for (size_t i = 0; i < len; i++) {
			if (text[i] == '"')
				km_buf_add_char(match, '"');
			km_buf_add_char(match, text[i]);
		}
		km_buf_add_char(match, '"');
		/* One letter would be the beginning of nearly everything. */
		km_buf_add_text(match, len > 1 ? "* " : " ");
		text += len;
	}
	return match->failed ? km_fail_memory(problem) : KM_OK;
}

/* Before every rank, which is a small negative number, the lower the better. */
#define IN_FULL "-1000000.0"

/* What is asked of the full-text index, in SQLite's words and in PostgreSQL's (registry/postgres.sql).
 *
 * few: the first few that hold the words, best first. A name typed in full is found apart from those.
 *
 * many: where more hold them, none is better than another, but for the name in full and for a mark, and the page takes
 * them as they come from the index: to rank all costs more than to read them. At most so many are looked at: "bv" alone
 * must not cost a walk through the whole register. `join`: SQLite's CROSS JOIN keeps to the order that is written. */
struct by_name {
	const char *few, *many[3], *count;
};
#define NOT_IN_FULL                                                                                                    \
	"(:found = 0 OR (provider.name <> :text COLLATE NOCASE AND NOT EXISTS (SELECT 1 FROM provider_trade_name AS t "    \
	"WHERE t.provider_id = provider.id AND t.name = :text COLLATE NOCASE))) "
#define HOLD_THEM(join, matches)                                                                                       \
	"FROM (SELECT rowid FROM provider_search WHERE " matches " LIMIT 4000) AS found " join                             \
	" provider ON provider.id = found.rowid "
#define BY_NAME(join, rank, matches, order)                                                                            \
	{                                                                                                                  \
		.few = "SELECT " HIT "FROM (SELECT id, min(place) AS place FROM ("                                             \
			   "SELECT id, " IN_FULL " AS place FROM provider WHERE name = :text COLLATE NOCASE UNION ALL "            \
			   "SELECT provider_id, " IN_FULL " FROM provider_trade_name WHERE name = :text COLLATE NOCASE UNION ALL " \
			   "SELECT * FROM (SELECT rowid, " rank " FROM provider_search WHERE " matches " LIMIT 40) AS m"           \
			   ") AS n GROUP BY id) AS found JOIN provider ON provider.id = found.id " MARKS_OF_PROVIDER               \
			   "ORDER BY place = " IN_FULL " DESC, mark.id IS NOT NULL DESC, place, provider.name, provider.id, "      \
			   "mark.id DESC LIMIT :limit OFFSET :offset",                                                             \
		.many =                                                                                                        \
			{                                                                                                          \
				"SELECT " HIT "FROM (SELECT id FROM provider WHERE name = :text COLLATE NOCASE UNION "                 \
				"SELECT provider_id FROM provider_trade_name WHERE name = :text COLLATE NOCASE) AS found "             \
				"JOIN provider ON provider.id = found.id " MARKS_OF_PROVIDER "WHERE :match <> '' AND :found = 0 "      \
				"ORDER BY mark.id IS NOT NULL DESC, provider.id, mark.id DESC LIMIT :limit OFFSET :offset",            \
				"SELECT " HIT HOLD_THEM(join, matches) join " mark ON mark.provider_id = provider.id " join            \
															" mark_period AS p ON " OF_MARK "WHERE " NOT_IN_FULL order \
															"LIMIT :limit OFFSET :offset",                             \
				"SELECT " HIT HOLD_THEM(join, matches) MARKS_OF_PROVIDER                                               \
				"WHERE mark.id IS NULL AND " NOT_IN_FULL order "LIMIT :limit OFFSET :offset",                          \
			},                                                                                                         \
		.count = "SELECT count(*) FROM (SELECT rowid FROM provider_search WHERE " matches " LIMIT :limit) AS m",       \
	}
static const struct by_name in_sqlite = BY_NAME("CROSS JOIN", "rank", "provider_search MATCH :match", "");
static const struct by_name in_postgres =
	BY_NAME("JOIN", "-ts_rank(words, search_query(:match), 2)", "words @@ search_query(:match)",
            "ORDER BY found.rowid, mark.id DESC ");
_Static_assert(FEW == 40, "the LIMIT above");

static const struct by_name *by_name(const struct search *search)
{
	return km_sql_is_sqlite(search->store) ? &in_sqlite : &in_postgres;
}

/* `found`: what is in full may have been found already, and is not to be found again; NULL among the few. */
static enum km_error run_by_name(struct search *search, const char *literal, const char *match, const char *text,
                                 const bool *found, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(search->store, literal, &statement, problem);
	if (error)
		return error;
	km_sql_text(statement, ":match", match);
	km_sql_text(statement, ":text", text);
	if (found)
		km_sql_int(statement, ":found", *found);
	return run(search, statement, problem);
}

/* Whether more than a few hold the words. */
static enum km_error are_many(struct search *search, const char *match, bool *ret_many, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	bool row = false;
	enum km_error error = km_sql(search->store, by_name(search)->count, &statement, problem);
	if (error)
		return error;
	km_sql_text(statement, ":match", match);
	km_sql_int(statement, ":limit", FEW + 1);
	error = km_sql_step(statement, &row, problem);
	*ret_many = !error && km_sql_get_int(statement, 0) > FEW;
	return error;
}

static enum km_error read_as_name(struct search *search, const char *text, bool *ret_fits, struct km_problem *problem)
{
	auto_buf struct km_buf match = KM_BUF_EMPTY;
	bool many = false;
	enum km_error error = match_for(text, &match, problem);
	if (!error)
		error = are_many(search, match.data, &many, problem);
	if (error)
		return error;
	*ret_fits = true;
	const struct by_name *statements = by_name(search);
	if (!many)
		return run_by_name(search, statements->few, match.data, text, NULL, problem);
	search->counted = true;
	for (size_t i = 0; !error && (int64_t)search->hits < search->limit && i < 3; i++) {
		bool found = search->hits || search->passed;
		error = run_by_name(search, statements->many[i], match.data, text, &found, problem);
	}
	return error;
}

static const struct {
	enum km_query_kind kind;
	enum km_error (*find)(struct search *search, const char *text, bool *ret_fits, struct km_problem *problem);
} readings[] = {
	{KM_QUERY_NUMBER, read_as_number},
	{KM_QUERY_KVK, read_as_kvk},
	{KM_QUERY_DOMAIN, read_as_domain},
	{KM_QUERY_NAME, read_as_name},
};

/* The first reading that finds something counts; where none does, the first that fits. */
static enum km_error read_each_way(struct search *search, const char *text, enum km_query_kind *ret_kind,
                                   struct km_problem *problem)
{
	bool fitted = false;
	for (size_t i = 0; i < sizeof readings / sizeof *readings; i++) {
		bool fits = false;
		enum km_error error = readings[i].find(search, text, &fits, problem);
		if (error)
			return error;
		if (search->hits || (fits && !fitted))
			*ret_kind = readings[i].kind;
		if (search->hits)
			return KM_OK;
		fitted = fitted || fits;
	}
	if (!search->wrong_check.code || search->offset)
		return KM_OK;
	if (problem)
		*problem = search->wrong_check;
	return search->wrong_check.code;
}

/* The text without white space around it. */
static enum km_error take_text(const char *text, char ret_text[static KM_QUERY_TEXT_MAX + 1],
                               struct km_problem *problem)
{
	static const char spaces[] = " \t\r\n";
	text = text ? text + strspn(text, spaces) : "";
	size_t len = strnlen(text, KM_QUERY_TEXT_MAX + 1);
	if (len > KM_QUERY_TEXT_MAX)
		return km_fail(problem, KM_TOO_LARGE, "query", "a search has at most %d bytes: type less of the name",
		               KM_QUERY_TEXT_MAX);
	if (!km_utf8_valid(text, len, NULL))
		return km_fail(problem, KM_INVALID, "query", "a search must be in UTF-8");
	while (len && strchr(spaces, text[len - 1]))
		len--;
	memcpy(ret_text, text, len);
	ret_text[len] = '\0';
	return KM_OK;
}

enum km_error km_search(struct km_store *store, const struct km_query *query, int64_t at, enum km_query_kind *ret_kind,
                        enum km_error (*each)(void *context, const struct km_hit *hit), void *context,
                        struct km_problem *problem)
{
	char text[KM_QUERY_TEXT_MAX + 1];
	enum km_error error = take_text(query->text, text, problem);
	if (!error)
		error = km_filter_check(&query->filter, problem);
	if (error)
		return error;
	struct search search = {
		.store = store,
		.at = at,
		.limit = query->limit < KM_QUERY_LIMIT_MAX ? (int64_t)query->limit : KM_QUERY_LIMIT_MAX,
		.offset = query->offset < INT64_MAX ? (int64_t)query->offset : INT64_MAX,
		.each = each,
		.context = context,
		.bare = query->bare,
		.filter = &query->filter,
		.filtered = km_filter_is_set(&query->filter),
		.counted = km_filter_is_set(&query->filter),
	};
	enum km_query_kind kind = KM_QUERY_ALL;
	error = *text ? read_each_way(&search, text, &kind, problem) : find_all(&search, query->after, problem);
	for (size_t i = 0; i < SCHEMES_KEPT; i++)
		km_scheme_free(search.schemes[i]);
	if (!error && ret_kind)
		*ret_kind = kind;
	return error;
}
