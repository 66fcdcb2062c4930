#include "base/buf.h"
#include "cli/command.h"
#include "cli/fetch.h"
#include "cli/home.h"
#include "cli/remote.h"
#include "cli/say.h"
#include "keys/key_folder.h"
#include "registry/log.h"
#include "registry/log_check.h"
#include "registry/log_checkpoint.h"
#include "registry/mail.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>

enum {
	DAY_S = 24 * 3600,
	KEY_OLD_DAYS = 400, /* doc/operations.md: once a year is a good habit */
	KEY_ENDS_DAYS = 30,
	BACKUP_OLD_S = 26 * 3600, /* one a day, and some time to make it */
	SPACE_MIN_MIB = 512,
	MAIL_WAITS_HOURS = 24,
	MAIL_LOOK_BACK_S = 7 * DAY_S,
};

static const struct km_option options[] = {
	KM_OPTION_HOME,
	{"backup", 0, "FILE", "the copy of the register that is made each day: is it there, of today, and of this register",
     KM_OPTIONAL},
	{"offline", 0, NULL, "do not ask the registry over its public address", KM_OPTIONAL},
	KM_OPTIONS_END,
};

/* ---------------------------------------------------------------------------------------------------- what was found
 */

enum finding { GOOD, BAD, UNKNOWN, FINDINGS };

struct visit {
	struct km_call *call;
	struct km_home home;
	struct km_store *store; /* NULL where it does not open */
	struct km_keyset keyset;
	bool has_keyset;
	int64_t now;
	int counts[FINDINGS];
};

static void find(struct visit *visit, enum finding finding, const char *what, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
static void find(struct visit *visit, enum finding finding, const char *what, const char *format, ...)
{
	static const char *const words[FINDINGS] = {"good", "BAD", "cannot tell"};
	char text[1024];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	visit->counts[finding]++;
	km_say(stdout, "%-11s  %-8s  %s", words[finding], what, text);
}

/* KM_UNAVAILABLE is no answer; the rest is one. */
static void find_problem(struct visit *visit, const char *what, enum km_error error, const struct km_problem *problem)
{
	find(visit, error == KM_UNAVAILABLE ? UNKNOWN : BAD, what, "%s", problem->message);
}

/* --------------------------------------------------------------------------------------------------------- the files
 */

static bool is_private(struct visit *visit, const char *what, const char *path)
{
	struct stat status;
	if (stat(path, &status) != 0) {
		find(visit, BAD, what, "%s: %s", path, strerror(errno));
		return false;
	}
	if (status.st_mode & (S_IRWXG | S_IRWXO)) {
		find(visit, BAD, what, "%s: others than its owner can get at it: chmod go= %s", path, path);
		return false;
	}
	struct stat home;
	if (stat(visit->home.folder, &home) == 0 && home.st_uid != status.st_uid) {
		find(visit, BAD, what, "%s: its owner is not the owner of %s: chown it", path, visit->home.folder);
		return false;
	}
	return true;
}

static void look_at_files(struct visit *visit)
{
	auto_buf struct km_buf address = KM_BUF_EMPTY; /* may hold a password */
	km_buf_add_format(&address, "%s/" KM_HOME_ADDRESS, visit->home.folder);
	const char *file = km_store_is_address(visit->home.database) ? address.data : visit->home.database;
	if (is_private(visit, "folder", visit->home.folder) && file && is_private(visit, "folder", file))
		find(visit, GOOD, "folder", "%s: only its owner can get at it", visit->home.folder);
}

static void look_at_space(struct visit *visit)
{
	struct statvfs disk;
	struct stat database = {0};
	bool elsewhere = km_store_is_address(visit->home.database);
	if (statvfs(visit->home.folder, &disk) != 0 || (!elsewhere && stat(visit->home.database, &database) != 0)) {
		find(visit, UNKNOWN, "disk", "%s: %s", visit->home.folder, strerror(errno));
		return;
	}
	/* Room for the register to grow by half, and to be copied beside itself. */
	unsigned long long free_mib = (unsigned long long)disk.f_bavail * disk.f_frsize >> 20;
	unsigned long long wanted_mib = SPACE_MIN_MIB + ((unsigned long long)database.st_size * 3 / 2 >> 20);
	find(visit, free_mib < wanted_mib ? BAD : GOOD, "disk", "%llu MiB free where %s; %llu are wanted",
	     free_mib, elsewhere ? "the keys are" : "the register is", wanted_mib);
}

/* ---------------------------------------------------------------------------------------------------------- the keys
 */

static void look_at_key(struct visit *visit, enum km_purpose purpose)
{
	const struct km_keyset_entry *current = km_keyset_current(&visit->keyset, purpose, visit->now);
	const char *name = km_purpose_name(purpose);
	if (!current) {
		find(visit, BAD, "keys", "no key signs for %s now: keurmerk key rotate --purpose %s", name, name);
		return;
	}
	int64_t days = (visit->now - current->not_before) / DAY_S, left = (current->not_after - visit->now) / DAY_S;
	bool has_next = km_keyset_next(&visit->keyset, purpose, visit->now) != NULL;
	if (current->not_after && !has_next && left < KEY_ENDS_DAYS)
		find(visit, BAD, "keys", "the key for %s ends in %lld days, and none comes after it: keurmerk key rotate", name,
		     (long long)left);
	else if (purpose != KM_PURPOSE_LOG && days > KEY_OLD_DAYS && !has_next)
		find(visit, BAD, "keys", "the key for %s has signed for %lld days: keurmerk key rotate", name, (long long)days);
	else
		find(visit, GOOD, "keys", "the key for %s signs since %lld days%s", name, (long long)days,
		     has_next ? ", and the next one is published" : "");
}

/* The private half opens without a passphrase, or is there, and is locked by one; or its token is there. */
static void look_at_private_key(struct visit *visit, const struct km_keyset_entry *entry)
{
	struct km_problem problem = {0};
	enum km_error error = km_key_folder_look(visit->home.keys, entry, &problem);
	auto_free char *uri = NULL;
	if (error && strcmp(problem.type, "passphrase-missing") != 0)
		find_problem(visit, "keys", error, &problem);
	else if (!error && km_key_folder_token(visit->home.keys, entry, &uri, NULL) == KM_OK)
		find(visit, GOOD, "keys", "the key for %s that is %s is in its token", km_purpose_name(entry->purpose),
		     km_key_state_name(km_keyset_state(entry, visit->now)));
}

static void look_at_keys(struct visit *visit)
{
	struct km_problem problem = {0};
	enum km_error error = km_key_folder_check(visit->home.keys, &problem);
	if (!error)
		error = km_key_folder_keyset(visit->home.keys, &visit->keyset, &problem);
	if (error) {
		find_problem(visit, "keys", error, &problem);
		return;
	}
	visit->has_keyset = true;
	if (visit->store && strcmp(visit->keyset.url, km_store_url(visit->store)) != 0)
		find(visit, BAD, "keys", "they are those of %s, and the register is that of %s", visit->keyset.url,
		     km_store_url(visit->store));
	for (enum km_purpose purpose = 0; purpose < KM_PURPOSES; purpose++)
		look_at_key(visit, purpose);
	for (size_t i = 0; i < visit->keyset.len; i++)
		if (km_keyset_state(&visit->keyset.entries[i], visit->now) <= KM_KEY_CURRENT)
			look_at_private_key(visit, &visit->keyset.entries[i]);
}

/* ------------------------------------------------------------------------------------------------------ the register
 */

static void look_at_log(struct visit *visit)
{
	struct km_problem problem = {0};
	struct km_checkpoint checkpoint = {.size = 0};
	uint64_t size = 0;
	enum km_error error = km_store_read_begin(visit->store, &problem);
	if (!error)
		error = km_log_check(visit->store, &problem);
	if (!error)
		error = km_log_size(visit->store, &size, &problem);
	if (!error) {
		error = km_log_checkpoint_last(visit->store, &checkpoint, NULL, &problem);
		if (error == KM_ABSENT)
			error = KM_OK;
	}
	km_store_read_end(visit->store);
	if (error)
		find_problem(visit, "log", error, &problem);
	else
		find(visit, GOOD, "log", "it is whole: %llu entries, %llu of them under a checkpoint", (unsigned long long)size,
		     (unsigned long long)checkpoint.size);
}

static void look_at_mail(struct visit *visit)
{
	struct km_problem problem = {0};
	struct km_mail_health health = {0};
	enum km_error error = km_mail_health(visit->store, visit->now - MAIL_LOOK_BACK_S, &health, &problem);
	long long hours = (visit->now - health.oldest) / 3600;
	if (error)
		find_problem(visit, "mail", error, &problem);
	else if (health.failed)
		find(visit, BAD, "mail", "%lld of the last week could not be sent: keurmerk mail list",
		     (long long)health.failed);
	else if (health.queued && hours >= MAIL_WAITS_HOURS)
		find(visit, BAD, "mail", "%lld wait to be sent, the first for %lld hours: keurmerk mail send says why",
		     (long long)health.queued, hours);
	else
		find(visit, GOOD, "mail", "%lld wait to be sent, and none for long", (long long)health.queued);
}

static void look_at_register(struct visit *visit)
{
	struct km_problem problem = {0};
	enum km_error error = km_store_open(visit->home.database, KM_STORE_READ, &visit->store, &problem);
	if (error)
		find_problem(visit, "register", error, &problem);
	else
		find(visit, GOOD, "register", "it is that of %s", km_store_url(visit->store));
	if (error)
		return;
	look_at_log(visit);
	look_at_mail(visit);
}

/* A log that has begun with what is in the copy goes on in the register. */
static void compare_backup(struct visit *visit, struct km_store *copy)
{
	struct km_problem problem = {0};
	struct km_hash here, there;
	uint64_t size = 0;
	enum km_error error = km_store_read_begin(copy, &problem);
	if (!error)
		error = km_log_size(copy, &size, &problem);
	if (!error)
		error = km_log_check(copy, &problem);
	if (!error)
		error = km_log_root(copy, size, &there, &problem);
	km_store_read_end(copy);
	if (!error)
		error = km_log_root(visit->store, size, &here, &problem);
	if (error)
		find_problem(visit, "backup", error, &problem);
	else if (strcmp(km_store_url(copy), km_store_url(visit->store)) != 0 || memcmp(&here, &there, sizeof here) != 0)
		find(visit, BAD, "backup", "it is of another register, or of another past of this one");
	else
		find(visit, GOOD, "backup", "it is whole, and this register's, with %llu entries of its log",
		     (unsigned long long)size);
}

static void look_at_backup(struct visit *visit, const char *path)
{
	struct km_problem problem = {0};
	auto_store struct km_store *copy = NULL;
	struct stat status;
	if (stat(path, &status) != 0) {
		find(visit, BAD, "backup", "%s: %s", path, strerror(errno));
		return;
	}
	int64_t hours = (visit->now - status.st_mtime) / 3600;
	find(visit, visit->now - status.st_mtime > BACKUP_OLD_S ? BAD : GOOD, "backup", "%s: made %lld hours ago", path,
	     (long long)hours);
	if (status.st_mode & (S_IRWXG | S_IRWXO))
		find(visit, BAD, "backup", "%s: others than its owner can read it: chmod go= %s", path, path);
	enum km_error error = km_store_open(path, KM_STORE_READ, &copy, &problem);
	if (error)
		find_problem(visit, "backup", error, &problem);
	else if (visit->store)
		compare_backup(visit, copy);
}

/* ------------------------------------------------------------------------------------------------- clock and network
 */

static void look_at_clock(struct visit *visit)
{
	struct timex clock = {.modes = 0};
	/* A machine that is told the time by its host does not know whether it is right. */
	if (adjtimex(&clock) == TIME_ERROR || clock.status & STA_UNSYNC)
		find(visit, UNKNOWN, "clock", "this machine does not know whether its clock is right: run a time service");
	else
		find(visit, GOOD, "clock", "it is kept right by a time service");
}

static bool same_keys(const struct km_keyset *a, const struct km_keyset *b)
{
	for (size_t i = 0; i < a->len; i++) {
		const struct km_keyset_entry *other = km_keyset_find(b, a->entries[i].thumbprint);
		if (!other || other->purpose != a->entries[i].purpose || other->revoked_at != a->entries[i].revoked_at)
			return false;
	}
	return a->len == b->len;
}

static void look_at_public_address(struct visit *visit)
{
	struct km_problem problem = {0};
	struct km_keyset published;
	auto_fetch struct km_fetch *fetch = NULL;
	enum km_error error = km_fetch_open(&fetch, &problem);
	if (!error)
		error = km_remote_keyset(fetch, visit->keyset.url, &published, &problem);
	if (error)
		find_problem(visit, "address", error, &problem);
	else if (!same_keys(&visit->keyset, &published))
		find(visit, BAD, "address", "%s publishes other keys than those in %s", visit->keyset.url, visit->home.keys);
	else
		find(visit, GOOD, "address", "%s answers, with our keys", visit->keyset.url);
}

/* ------------------------------------------------------------------------------------------------------- the command
 */

static void look(struct visit *visit)
{
	const char *backup = km_given(visit->call, "backup");
	look_at_files(visit);
	look_at_space(visit);
	look_at_register(visit);
	look_at_keys(visit);
	if (!visit->call->test_clock.path)
		look_at_clock(visit);
	if (backup)
		look_at_backup(visit, backup);
	if (visit->has_keyset && !km_given(visit->call, "offline"))
		look_at_public_address(visit);
}

static enum km_error run(struct km_call *call, struct km_problem *problem)
{
	struct visit visit = {.call = call, .now = km_clock_now(&call->clock)};
	enum km_error error = km_home_find(call, &visit.home, problem);
	if (error)
		return error;
	look(&visit);
	km_store_close(visit.store);
	km_home_done(&visit.home);
	call->exit_status = visit.counts[BAD]       ? KM_EXIT_NOT_VALID
	                    : visit.counts[UNKNOWN] ? KM_EXIT_CANNOT_TELL
	                                            : KM_EXIT_DONE;
	return KM_OK;
}

const struct km_command km_doctor_command = {
	.noun = "doctor",
	.operands = "",
	.summary = "look whether all is well with this registry",
	.details =
		"Looks at files, disk space, register, log, mail, keys, clock, the last copy, and what the public address "
        "answers.\n"
		"Each finding is a line: good, BAD with what to do, or cannot tell. Changes nothing. Exit status: 0 all good,\n"
		"1 something is bad, 3 nothing is bad, but something could not be told.",
	.options = options,
	.run = run,
};
