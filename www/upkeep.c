#include "www/upkeep.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	/* After a change of key: so many marks, and then as long a pause. The signer does not sign without end (its rate
	 * leaves room for more), and those who have something to decide do not wait. */
	SIGNED_AT_ONCE = 20,
	SIGNED_EVERY_MS = 1000,
};

struct km_upkeep {
	struct km_site *site;
	unsigned every_ms;
	char signed_with[KM_THUMBPRINT_TEXT]; /* the key with which all credentials are known to be signed */
	pthread_t thread;
	pthread_mutex_t lock; /* of all below */
	pthread_cond_t wake;
	bool stopping, woken;
	time_t seen; /* when it last came round, by a clock that nobody sets */
};

/* How long until there is more to do. */
static unsigned tick(struct km_upkeep *upkeep)
{
	struct km_site *site = upkeep->site;
	struct km_issuer *issuer;
	struct km_problem problem = {0};
	int64_t next = INT64_MAX;
	enum km_error error = km_site_issuer(site, &issuer, &problem);
	if (!error) {
		error = km_issuer_tick(issuer, &next, &problem);
		km_site_issuer_done(site);
	}
	if (error) {
		km_site_log(site, true, "writing down what time has done: %s", problem.message);
		return upkeep->every_ms;
	}
	int64_t now = km_site_now(site), wait_s = next > now ? next - now : 0;
	return next == INT64_MAX || wait_s > upkeep->every_ms / 1000 ? upkeep->every_ms : (unsigned)wait_s * 1000;
}

/* Signs anew what an earlier key has signed; how long until there is more to do. */
static unsigned sign_anew(struct km_upkeep *upkeep)
{
	struct km_site *site = upkeep->site;
	struct km_issuer *issuer;
	struct km_problem problem = {0};
	struct km_keyset set;
	size_t signed_anew = 0;
	enum km_error error = km_signer_keyset(site->options.keys, &set, &problem);
	const struct km_keyset_entry *key =
		error ? NULL : km_keyset_current(&set, KM_PURPOSE_CREDENTIAL, km_site_now(site));
	if (key && strcmp(key->thumbprint, upkeep->signed_with) == 0)
		return upkeep->every_ms;
	if (key)
		error = km_site_issuer(site, &issuer, &problem);
	if (key && !error) {
		error = km_issuer_sign_anew(issuer, key->thumbprint, SIGNED_AT_ONCE, &signed_anew, &problem);
		km_site_issuer_done(site);
	}
	if (error)
		km_site_log(site, true, "signing credentials anew: %s", problem.message);
	else if (key && signed_anew == 0)
		memcpy(upkeep->signed_with, key->thumbprint, sizeof upkeep->signed_with);
	return signed_anew ? SIGNED_EVERY_MS : upkeep->every_ms;
}

/* True once it is to stop. */
static bool wait_for(struct km_upkeep *upkeep, unsigned wait_ms)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	time_t now = until.tv_sec;
	until.tv_sec += wait_ms / 1000;
	until.tv_nsec += (long)(wait_ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&upkeep->lock);
	upkeep->seen = now;
	while (!upkeep->stopping && !upkeep->woken &&
	       pthread_cond_timedwait(&upkeep->wake, &upkeep->lock, &until) != ETIMEDOUT) {
	}
	bool stopping = upkeep->stopping;
	upkeep->woken = false;
	pthread_mutex_unlock(&upkeep->lock);
	return stopping;
}

/* Writes down how much the register was used. */
static void write_uses(struct km_upkeep *upkeep)
{
	struct km_problem problem = {0};
	if (km_site_write_uses(upkeep->site, &problem) != KM_OK)
		km_site_log(upkeep->site, true, "writing down how much is looked up: %s", problem.message);
}

static void *run(void *context)
{
	struct km_upkeep *upkeep = context;
	unsigned first, second;
	do {
		first = tick(upkeep);
		second = sign_anew(upkeep);
		write_uses(upkeep);
	} while (!wait_for(upkeep, first < second ? first : second));
	write_uses(upkeep);
	return NULL;
}

static bool open_locks(struct km_upkeep *upkeep)
{
	pthread_condattr_t attributes;
	if (pthread_mutex_init(&upkeep->lock, NULL) != 0)
		return false;
	/* The machine's clock may be set while somebody waits. */
	bool opened = pthread_condattr_init(&attributes) == 0;
	if (opened) {
		opened = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0 &&
		         pthread_cond_init(&upkeep->wake, &attributes) == 0;
		pthread_condattr_destroy(&attributes);
	}
	if (!opened)
		pthread_mutex_destroy(&upkeep->lock);
	return opened;
}

static void free_upkeep(struct km_upkeep *upkeep)
{
	pthread_cond_destroy(&upkeep->wake);
	pthread_mutex_destroy(&upkeep->lock);
	free(upkeep);
}

enum km_error km_upkeep_start(struct km_site *site, struct km_upkeep **ret_upkeep, struct km_problem *problem)
{
	struct km_upkeep *upkeep = calloc(1, sizeof *upkeep);
	if (!upkeep || !open_locks(upkeep)) {
		free(upkeep);
		return km_fail_memory(problem);
	}
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	upkeep->seen = now.tv_sec;
	upkeep->site = site;
	upkeep->every_ms = site->options.upkeep_ms ? site->options.upkeep_ms : KM_UPKEEP_MS;
	int code = pthread_create(&upkeep->thread, NULL, run, upkeep);
	if (code != 0) {
		free_upkeep(upkeep);
		return km_fail(problem, KM_IO, "thread", "no thread could be started: %s", strerror(code));
	}
	*ret_upkeep = upkeep;
	return KM_OK;
}

void km_upkeep_stop(struct km_upkeep *upkeep)
{
	if (!upkeep)
		return;
	pthread_mutex_lock(&upkeep->lock);
	upkeep->stopping = true;
	pthread_cond_signal(&upkeep->wake);
	pthread_mutex_unlock(&upkeep->lock);
	pthread_join(upkeep->thread, NULL);
	free_upkeep(upkeep);
}

void km_upkeep_wake(struct km_upkeep *upkeep)
{
	pthread_mutex_lock(&upkeep->lock);
	upkeep->woken = true;
	pthread_cond_signal(&upkeep->wake);
	pthread_mutex_unlock(&upkeep->lock);
}

bool km_upkeep_well(struct km_upkeep *upkeep)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	pthread_mutex_lock(&upkeep->lock);
	time_t seen = upkeep->seen;
	pthread_mutex_unlock(&upkeep->lock);
	return now.tv_sec - seen < KM_UPKEEP_STUCK_S;
}
