#include "www/site.h"

#include "badge/drawing.h"
#include "www/connections.h"
#include "www/endpoints.h"
#include "www/limit.h"
#include "www/metrics.h"
#include "www/pages.h"
#include "www/request.h"
#include "www/session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ISSUER_WAIT_S = 5, LOG_LINE_MAX = 1200 };

/* What each thread has for itself. */
struct thread {
	struct km_store *store;
	struct km_ready *ready;
	int64_t looked_us; /* when it last looked whether the register has changed, by a clock of its own */
	unsigned changes;  /* how many changes of this process it had seen then */
};

static void close_thread(void *context)
{
	struct thread *thread = context;
	km_store_close(thread->store);
	km_ready_free(thread->ready);
	free(thread);
}

static enum km_error copy_options(struct km_site *site, const struct km_server_options *options,
                                  struct km_problem *problem)
{
	site->options = *options;
	site->options.address = strdup(options->address);
	site->options.database = strdup(options->database);
	site->options.keys = strdup(options->keys);
	return site->options.address && site->options.database && site->options.keys ? KM_OK : km_fail_memory(problem);
}

static enum km_error open_locks(struct km_site *site, struct km_problem *problem)
{
	enum km_error error = KM_OK;
	for (size_t i = 0; i < KM_SHELVES && !error; i++)
		error = km_shelf_open(&site->shelves[i], problem);
	if (error)
		return error;
	site->has_lock = pthread_mutex_init(&site->issuer_lock, NULL) == 0;
	site->has_key = pthread_key_create(&site->thread_key, close_thread) == 0;
	return site->has_lock && site->has_key ? KM_OK : km_fail_memory(problem);
}

/* Reads the public address, by which the register is also seen to be there and to be ours. */
static enum km_error read_url(struct km_site *site, struct km_problem *problem)
{
	struct km_store *store = NULL;
	enum km_error error = km_store_open(site->options.database, KM_STORE_READ, &store, problem);
	if (error)
		return error;
	site->url = strdup(km_store_url(store));
	km_store_close(store);
	return site->url ? KM_OK : km_fail_memory(problem);
}

static enum km_error open_limit(struct km_site *site, struct km_problem *problem)
{
	const char *proxy = site->options.proxy;
	if (proxy && !km_visitor_parse(proxy, strlen(proxy), &site->proxy))
		return km_fail(problem, KM_INVALID, "proxy-address",
		               "%s: this is not the address of a proxy: give one as 127.0.0.1", proxy);
	site->options.proxy = NULL; /* borrowed until here */
	site->has_proxy = proxy != NULL;
	return site->options.limit ? km_limit_new(site->options.limit, &site->limit, problem) : KM_OK;
}

static enum km_error fill(struct km_site *site, const struct km_server_options *options, struct km_problem *problem)
{
	enum km_error error = copy_options(site, options, problem);
	if (!error)
		error = open_locks(site, problem);
	if (!error)
		error = open_limit(site, problem);
	if (!error)
		error = read_url(site, problem);
	site->metrics = km_metrics_new(km_routes_len);
	if (!error && !site->metrics)
		error = km_fail_memory(problem);
	if (!error)
		error = km_sessions_new(&site->sessions, problem);
	if (!error)
		error = km_statics_open(&site->statics, problem);
	if (!error)
		error = km_pages_open(&site->words, &site->templates, problem);
	if (!error)
		error = km_badge_words(&site->badge_words, problem);
	if (!error)
		error = km_issuer_open(options->database, options->signer, options->clock, &site->issuer, problem);
	return error;
}

enum km_error km_site_open(const struct km_server_options *options, struct km_site **ret_site,
                           struct km_problem *problem)
{
	struct km_site *site = calloc(1, sizeof *site);
	if (!site)
		return km_fail_memory(problem);
	enum km_error error = fill(site, options, problem);
	if (error) {
		km_site_close(site);
		return error;
	}
	*ret_site = site;
	return KM_OK;
}

void km_site_close(struct km_site *site)
{
	if (!site)
		return;
	km_issuer_close(site->issuer);
	if (site->has_key)
		pthread_key_delete(site->thread_key);
	if (site->has_lock)
		pthread_mutex_destroy(&site->issuer_lock);
	for (size_t i = 0; i < KM_SHELVES; i++)
		km_shelf_close(&site->shelves[i]);
	km_metrics_free(site->metrics);
	km_connections_free(site->connections);
	km_limit_free(site->limit);
	km_sessions_free(site->sessions);
	km_templates_free(site->templates);
	km_statics_done(&site->statics);
	km_catalogue_free(site->words);
	km_catalogue_free(site->badge_words);
	free(site->url);
	free((char *)site->options.address);
	free((char *)site->options.database);
	free((char *)site->options.keys);
	free(site);
}

int64_t km_site_now(const struct km_site *site)
{
	return km_clock_now(site->options.clock);
}

static enum km_error this_thread(struct km_site *site, struct thread **ret_thread, struct km_problem *problem)
{
	struct thread *thread = pthread_getspecific(site->thread_key);
	if (!thread) {
		thread = calloc(1, sizeof *thread);
		if (!thread)
			return km_fail_memory(problem);
		enum km_error error = km_store_open(site->options.database, KM_STORE_READ, &thread->store, problem);
		thread->ready = km_ready_new(KM_READY_BYTES);
		if (!error && (!thread->ready || pthread_setspecific(site->thread_key, thread) != 0))
			error = km_fail_memory(problem);
		if (error) {
			close_thread(thread);
			return error;
		}
	}
	*ret_thread = thread;
	return KM_OK;
}

enum km_error km_site_store(struct km_site *site, struct km_store **ret_store, struct km_problem *problem)
{
	struct thread *thread;
	enum km_error error = this_thread(site, &thread, problem);
	if (!error)
		*ret_store = thread->store;
	return error;
}

static int64_t monotonic_us(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* To look takes three system calls, which is more than the rest of such an answer takes. What this process has changed
 * is known without. */
static enum km_error follow(struct km_site *site, struct thread *thread, struct km_problem *problem)
{
	int64_t now_us = monotonic_us();
	unsigned changes = atomic_load(&site->changes);
	if (thread->looked_us && now_us - thread->looked_us < KM_READY_LOOK_US && changes == thread->changes)
		return KM_OK;
	enum km_error error = km_ready_follow(thread->ready, thread->store, problem);
	thread->looked_us = error ? 0 : now_us;
	thread->changes = changes;
	return error;
}

enum km_error km_site_ready(struct km_site *site, struct km_ready **ret_ready, struct km_problem *problem)
{
	struct thread *thread;
	enum km_error error = this_thread(site, &thread, problem);
	if (!error)
		error = follow(site, thread, problem);
	if (!error)
		*ret_ready = thread->ready;
	return error;
}

enum km_error km_site_issuer(struct km_site *site, struct km_issuer **ret_issuer, struct km_problem *problem)
{
	/* The machine's own clock: this is about how long a thread waits, not about what time it is in the register. */
	struct timespec until;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += ISSUER_WAIT_S;
	int code = pthread_mutex_timedlock(&site->issuer_lock, &until);
	if (code != 0)
		return km_fail(problem, KM_UNAVAILABLE, "busy",
		               "others are being served; nothing was changed: send the same bytes again in a moment");
	*ret_issuer = site->issuer;
	return KM_OK;
}

void km_site_issuer_done(struct km_site *site)
{
	atomic_fetch_add(&site->changes, 1);
	pthread_mutex_unlock(&site->issuer_lock);
}

void km_site_use(const struct km_request *request, enum km_use use)
{
	if (request->method == KM_GET || request->method == KM_POST)
		atomic_fetch_add_explicit(&request->site->uses[use], 1, memory_order_relaxed);
}

static enum km_error write_uses(struct km_site *site, const int64_t counts[static KM_USES], struct km_problem *problem)
{
	struct km_issuer *issuer = NULL;
	enum km_error error = km_site_issuer(site, &issuer, problem);
	if (error)
		return error;
	struct km_store *store = km_issuer_store(issuer);
	error = km_store_begin(store, problem);
	if (!error)
		error = km_usage_add(store, km_site_now(site), counts, problem);
	if (!error)
		error = km_store_commit(store, problem);
	km_store_rollback(store);
	km_site_issuer_done(site);
	return error;
}

enum km_error km_site_write_uses(struct km_site *site, struct km_problem *problem)
{
	int64_t counts[KM_USES], all = 0;
	for (int use = 0; use < KM_USES; use++)
		all += counts[use] = atomic_exchange(&site->uses[use], 0);
	enum km_error error = all ? write_uses(site, counts, problem) : KM_OK;
	/* What could not be written is written the next time. */
	for (int use = 0; error && use < KM_USES; use++)
		atomic_fetch_add(&site->uses[use], counts[use]);
	return error;
}

void km_site_log(const struct km_site *site, bool ours, const char *format, ...)
{
	if (!site->options.log)
		return;
	char line[LOG_LINE_MAX];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(line, sizeof line, format, arguments);
	va_end(arguments);
	site->options.log(site->options.log_context, ours, line);
}
