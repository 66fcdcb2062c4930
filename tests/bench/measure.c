/*
 * measure HOME SECONDS WHAT: how much of one thing is done on one thread, as one JSON object on a line. For the bench.
 *
 *   sign      credentials: from what the register says of a mark to a signed JWT, of the signer's own forms
 *   sign-2    the same on two threads
 *   verify    credentials: from the text of a JWT to a verdict, its signature checked with the keys of the registry
 *   qr        QR codes of 120 characters, as SVG documents
 *   search    names in the register by the first three to five letters of their first word
 *   mark      records of a mark, drawn at random, as JSON: what a cold look-up costs without HTTP
 *   payload   prints the payload of a credential, for others to sign, and ends
 *   numbers   prints the numbers of all marks, one on a line, and ends
 */
#include "badge/credential.h"
#include "badge/qr.h"
#include "badge/verify.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "cli/home.h"
#include "keys/signer.h"
#include "registry/mark.h"
#include "registry/search.h"
#include "registry/sql.h"
#include "www/mark_record.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SAMPLES_MAX = 1 << 20, ROUND = 16, HITS = 20 };

struct measure {
	struct km_store *store;
	struct km_signer *signer;
	struct km_keyset trust;
	struct km_mark *mark;
	char *token;
	int64_t now, marks;
	double seconds;
	uint64_t random;
	struct km_problem problem;
};

static void must(enum km_error error, const struct km_problem *problem)
{
	if (!error)
		return;
	fprintf(stderr, "measure: %s\n", problem->message);
	exit(EXIT_FAILURE);
}

static double clock_s(clockid_t which)
{
	struct timespec now;
	clock_gettime(which, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static uint64_t draw(struct measure *measure, uint64_t below)
{
	measure->random ^= measure->random << 13;
	measure->random ^= measure->random >> 7;
	measure->random ^= measure->random << 17;
	return (measure->random >> 11) % below;
}

struct rates {
	double by_clock, by_processor; /* a second of each */
};

/* Runs for so long. */
static struct rates rates_of(struct measure *measure, void (*once)(struct measure *measure))
{
	for (int i = 0; i < ROUND; i++) /* warm */
		once(measure);
	double begin = clock_s(CLOCK_MONOTONIC), end = begin, processor = clock_s(CLOCK_THREAD_CPUTIME_ID);
	size_t count = 0;
	while (end - begin < measure->seconds) {
		for (int i = 0; i < ROUND; i++)
			once(measure);
		count += ROUND;
		end = clock_s(CLOCK_MONOTONIC);
	}
	processor = clock_s(CLOCK_THREAD_CPUTIME_ID) - processor;
	return (struct rates){(double)count / (end - begin), (double)count / processor};
}

/* ------------------------------------------------------------------------------------------------------ what is done
 */

static void sign(struct measure *measure)
{
	auto_free char *payload = NULL, *token = NULL;
	must(km_credential_payload(measure->mark, measure->trust.url, measure->now, &payload, &measure->problem),
	     &measure->problem);
	must(km_signer_sign(measure->signer, KM_FORM_CREDENTIAL, payload, strlen(payload), &token, &measure->problem),
	     &measure->problem);
}

static void verify(struct measure *measure)
{
	struct km_verdict verdict;
	km_verify(measure->token, strlen(measure->token), &measure->trust, NULL, measure->now, &verdict);
	if (verdict.checks[KM_CHECK_SIGNATURE].result != KM_RESULT_GOOD ||
	    verdict.checks[KM_CHECK_VALIDITY].result != KM_RESULT_GOOD) {
		fprintf(stderr, "measure: %s\n", verdict.sentence);
		exit(EXIT_FAILURE);
	}
}

static void draw_qr(struct measure *measure)
{
	static const char text[] = "https://keurmerk.example/m/7K3QW8ZN4T2X?a=bcdefghijklmnopqrs"
							   "tuvwxyzbcdefghijklmnopqrstuvwxyzbcdefghijklmnopqrstuvwxyzbcd";
	_Static_assert(sizeof text - 1 == 120, "120 characters");
	struct km_qr qr;
	auto_buf struct km_buf svg = KM_BUF_EMPTY;
	must(km_qr_encode(text, &qr, &measure->problem), &measure->problem);
	km_qr_svg(&qr, "voorbeeld", &svg);
	km_qr_done(&qr);
}

static void random_number(struct measure *measure, char ret_number[static KM_NUMBER_TEXT])
{
	auto_statement struct km_statement *statement = NULL;
	bool row;
	must(km_sql(measure->store, "SELECT number FROM mark WHERE id = :id", &statement, &measure->problem),
	     &measure->problem);
	km_sql_int(statement, ":id", 1 + (int64_t)draw(measure, (uint64_t)measure->marks));
	must(km_sql_step(statement, &row, &measure->problem), &measure->problem);
	snprintf(ret_number, KM_NUMBER_TEXT, "%s", km_sql_get_text(statement, 0));
}

static void read_mark(struct measure *measure)
{
	char number[KM_NUMBER_TEXT];
	struct km_mark *mark;
	random_number(measure, number);
	must(km_store_read_begin(measure->store, &measure->problem), &measure->problem);
	must(km_mark_get(measure->store, number, measure->now, &mark, &measure->problem), &measure->problem);
	auto_buf struct km_buf record = KM_BUF_EMPTY;
	km_mark_record_add(&record, mark, measure->trust.url, measure->now, measure->now);
	km_mark_free(mark);
	km_store_read_end(measure->store);
}

static enum km_error count_hit(void *context, const struct km_hit *hit)
{
	(void)hit;
	++*(size_t *)context;
	return KM_OK;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* The first letters of a name that is there. */
static void random_prefix(struct measure *measure, char ret_text[static 8])
{
	auto_statement struct km_statement *statement = NULL;
	bool row;
	must(km_sql(measure->store, "SELECT name FROM provider WHERE id = :id", &statement, &measure->problem),
	     &measure->problem);
	km_sql_int(statement, ":id", 1 + (int64_t)draw(measure, (uint64_t)measure->marks));
	must(km_sql_step(statement, &row, &measure->problem), &measure->problem);
	snprintf(ret_text, 8, "%.*s", (int)(3 + draw(measure, 3)), km_sql_get_text(statement, 0));
}

static void search(struct measure *measure)
{
	static double microseconds[SAMPLES_MAX], processor[SAMPLES_MAX];
	size_t len = 0, hits = 0;
	double begin = clock_s(CLOCK_MONOTONIC), end = begin;
	while (end - begin < measure->seconds && len < SAMPLES_MAX) {
		char text[8];
		random_prefix(measure, text);
		const struct km_query query = {.text = text, .limit = HITS, .bare = true};
		double from = clock_s(CLOCK_MONOTONIC), processor_from = clock_s(CLOCK_THREAD_CPUTIME_ID);
		must(km_search(measure->store, &query, measure->now, NULL, count_hit, &hits, &measure->problem),
		     &measure->problem);
		end = clock_s(CLOCK_MONOTONIC);
		processor[len] = (clock_s(CLOCK_THREAD_CPUTIME_ID) - processor_from) * 1e6;
		microseconds[len++] = (end - from) * 1e6;
	}
	qsort(microseconds, len, sizeof *microseconds, by_size);
	qsort(processor, len, sizeof *processor, by_size);
	printf("{\"median_us\": %.1f, \"p99_us\": %.1f, \"processor_us\": %.1f, \"searches\": %zu, \"hits\": %zu}\n",
	       microseconds[len / 2], microseconds[len * 99 / 100], processor[len / 2], len, hits);
}

/* ------------------------------------------------------------------------------------------------------------- threads
 */

struct worker {
	struct measure measure;
	struct rates rates;
};

static void *work(void *context)
{
	struct worker *worker = context;
	worker->rates = rates_of(&worker->measure, sign);
	return NULL;
}

static void open_signer(struct measure *measure, const struct km_home *home)
{
	const struct km_clock clock = km_clock_fixed(&measure->now);
	must(km_signer_open(home->keys, NULL, &clock, &measure->signer, &measure->problem), &measure->problem);
}

static struct rates sign_on_two(const struct measure *measure, const struct km_home *home)
{
	struct worker workers[2];
	pthread_t threads[2];
	for (int i = 0; i < 2; i++) {
		workers[i].measure = *measure;
		open_signer(&workers[i].measure, home); /* one signer signs one thing at a time */
		pthread_create(&threads[i], NULL, work, &workers[i]);
	}
	struct rates rates = {0};
	for (int i = 0; i < 2; i++) {
		pthread_join(threads[i], NULL);
		km_signer_close(workers[i].measure.signer);
		rates.by_clock += workers[i].rates.by_clock;
		rates.by_processor += workers[i].rates.by_processor / 2;
	}
	return rates;
}

/* ---------------------------------------------------------------------------------------------------------------- main
 */

static void print_numbers(struct measure *measure)
{
	auto_statement struct km_statement *statement = NULL;
	bool row;
	must(km_sql(measure->store, "SELECT number FROM mark ORDER BY id", &statement, &measure->problem),
	     &measure->problem);
	for (;;) {
		must(km_sql_step(statement, &row, &measure->problem), &measure->problem);
		if (!row)
			return;
		printf("%s\n", km_sql_get_text(statement, 0));
	}
}

static void open_all(struct measure *measure, const struct km_home *home)
{
	char number[KM_NUMBER_TEXT];
	const struct km_clock system = km_clock_system();
	auto_statement struct km_statement *statement = NULL;
	bool row;
	measure->now = km_clock_now(&system);
	measure->random = UINT64_C(0x9e3779b97f4a7c15);
	must(km_store_open(home->database, KM_STORE_READ, &measure->store, &measure->problem), &measure->problem);
	must(km_signer_keyset(home->keys, &measure->trust, &measure->problem), &measure->problem);
	open_signer(measure, home);
	must(km_sql(measure->store, "SELECT max(id) FROM mark", &statement, &measure->problem), &measure->problem);
	must(km_sql_step(statement, &row, &measure->problem), &measure->problem);
	measure->marks = km_sql_get_int(statement, 0);
	random_number(measure, number);
	must(km_mark_get(measure->store, number, measure->now, &measure->mark, &measure->problem), &measure->problem);
	must(km_mark_credential(measure->store, number, &measure->token, &measure->problem), &measure->problem);
}

static void print_payload(struct measure *measure)
{
	auto_free char *payload = NULL;
	must(km_credential_payload(measure->mark, measure->trust.url, measure->now, &payload, &measure->problem),
	     &measure->problem);
	puts(payload);
}

static void print_rates(struct rates rates)
{
	printf("{\"rate\": %.1f, \"each_us\": %.3f}\n", rates.by_clock, 1e6 / rates.by_processor);
}

static int run(struct measure *measure, const struct km_home *home, const char *what)
{
	static const struct {
		const char *what;
		void (*once)(struct measure *measure);
	} kinds[] = {{"sign", sign}, {"verify", verify}, {"qr", draw_qr}, {"mark", read_mark}};
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (strcmp(kinds[i].what, what) == 0) {
			print_rates(rates_of(measure, kinds[i].once));
			return EXIT_SUCCESS;
		}
	if (strcmp(what, "sign-2") == 0)
		print_rates(sign_on_two(measure, home));
	else if (strcmp(what, "search") == 0)
		search(measure);
	else if (strcmp(what, "numbers") == 0)
		print_numbers(measure);
	else if (strcmp(what, "payload") == 0)
		print_payload(measure);
	else {
		fprintf(stderr, "measure: there is no %s to measure\n", what);
		return 2;
	}
	return EXIT_SUCCESS;
}

int main(int count, char *arguments[])
{
	static struct measure measure;
	auto_home struct km_home home = {0};
	if (count != 4) {
		fprintf(stderr, "usage: measure HOME SECONDS WHAT\n");
		return 2;
	}
	measure.seconds = strtod(arguments[2], NULL);
	must(km_home_at(arguments[1], &home, &measure.problem), &measure.problem);
	open_all(&measure, &home);
	int status = run(&measure, &home, arguments[3]);
	km_mark_free(measure.mark);
	free(measure.token);
	km_signer_close(measure.signer);
	km_store_close(measure.store);
	return status;
}
