#include "cli/domain_watch.h"

#include "registry/identifier.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PAUSE_S = 60, PAUSE_WITH_TEST_SERVER_S = 1 };

enum km_error km_domain_look(struct km_store *store, const struct km_probe_options *options, const char *domain,
                             const char *kvk, const struct km_clock *clock, enum km_probe_found *ret_found,
                             char ret_detail[static KM_PROBE_DETAIL_TEXT], struct km_problem *problem)
{
	char token[KM_DOMAIN_TOKEN_TEXT];
	enum km_error error = km_domain_token(km_store_url(store), kvk, domain, token, problem);
	if (!error)
		error = km_probe(options, domain, token, ret_found, ret_detail, problem);
	if (error || (options->stop && atomic_load(options->stop))) /* what was broken off says nothing */
		return error;
	error = km_store_begin(store, problem);
	if (!error)
		error = km_domain_note(store, domain, *ret_found != KM_PROBE_NOTHING, ret_detail, km_clock_now(clock), problem);
	if (!error)
		error = km_store_commit(store, problem);
	km_store_rollback(store);
	return error;
}

struct km_domain_watch {
	struct km_store *store;
	struct km_probe_options options;
	const struct km_clock *clock;
	void (*tell)(void *context, const char *line);
	void *context;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	atomic_bool stop;
};

struct next {
	char domain[KM_DOMAIN_TEXT], kvk[9];
};

static enum km_error take(void *context, const struct km_domain_state *state)
{
	struct next *next = context;
	snprintf(next->domain, sizeof next->domain, "%s", state->domain);
	snprintf(next->kvk, sizeof next->kvk, "%s", state->kvk);
	return KM_OK;
}

/* Looks at the domain that has been due for the longest; false where none is, or it could not be done. */
static bool look_at_one(struct km_domain_watch *watch)
{
	struct next next = {"", ""};
	struct km_problem problem = {0};
	enum km_probe_found found;
	char detail[KM_PROBE_DETAIL_TEXT];
	enum km_error error = km_domain_due(watch->store, km_clock_now(watch->clock), 1, take, &next, &problem);
	if (!error && !*next.domain)
		return false;
	if (!error)
		error = km_domain_look(watch->store, &watch->options, next.domain, next.kvk, watch->clock, &found, detail,
		                       &problem);
	if (!error)
		return true;
	char line[sizeof problem.message + KM_DOMAIN_TEXT + 40];
	snprintf(line, sizeof line, "looking whose the domain %s is: %s", next.domain, problem.message);
	watch->tell(watch->context, line);
	return false;
}

static void pause_for(struct km_domain_watch *watch, int seconds)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += seconds;
	pthread_mutex_lock(&watch->lock);
	while (!atomic_load(&watch->stop) && pthread_cond_timedwait(&watch->wake, &watch->lock, &until) != ETIMEDOUT) {
	}
	pthread_mutex_unlock(&watch->lock);
}

static void *run(void *context)
{
	struct km_domain_watch *watch = context;
	while (!atomic_load(&watch->stop))
		if (!look_at_one(watch))
			pause_for(watch, watch->options.has_server ? PAUSE_WITH_TEST_SERVER_S : PAUSE_S);
	return NULL;
}

static bool open_locks(struct km_domain_watch *watch)
{
	pthread_condattr_t attributes;
	if (pthread_mutex_init(&watch->lock, NULL) != 0)
		return false;
	/* The machine's clock may be set while somebody waits. */
	bool opened = pthread_condattr_init(&attributes) == 0;
	if (opened) {
		opened = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0 &&
		         pthread_cond_init(&watch->wake, &attributes) == 0;
		pthread_condattr_destroy(&attributes);
	}
	if (!opened)
		pthread_mutex_destroy(&watch->lock);
	return opened;
}

static void free_watch(struct km_domain_watch *watch)
{
	pthread_cond_destroy(&watch->wake);
	pthread_mutex_destroy(&watch->lock);
	km_store_close(watch->store);
	free(watch);
}

enum km_error km_domain_watch_start(const char *database, const struct km_probe_options *options,
                                    const struct km_clock *clock, void (*tell)(void *context, const char *line),
                                    void *context, struct km_domain_watch **ret_watch, struct km_problem *problem)
{
	struct km_domain_watch *watch = calloc(1, sizeof *watch);
	if (!watch || !open_locks(watch)) {
		free(watch);
		return km_fail_memory(problem);
	}
	watch->options = *options;
	watch->options.stop = &watch->stop;
	watch->clock = clock;
	watch->tell = tell;
	watch->context = context;
	enum km_error error = km_store_open(database, KM_STORE_WRITE, &watch->store, problem);
	int code = error ? 0 : pthread_create(&watch->thread, NULL, run, watch);
	if (code != 0)
		error = km_fail(problem, KM_IO, "thread", "no thread could be started: %s", strerror(code));
	if (error) {
		free_watch(watch);
		return error;
	}
	*ret_watch = watch;
	return KM_OK;
}

void km_domain_watch_stop(struct km_domain_watch *watch)
{
	if (!watch)
		return;
	pthread_mutex_lock(&watch->lock);
	atomic_store(&watch->stop, true);
	pthread_cond_signal(&watch->wake);
	pthread_mutex_unlock(&watch->lock);
	pthread_join(watch->thread, NULL);
	free_watch(watch);
}
