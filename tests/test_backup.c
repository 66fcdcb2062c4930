#include "registry/backup.h"

#include "badge/fsck_credential.h"
#include "registry/log.h"
#include "tests/office.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Somebody who submits audits for as long as they may. */
struct writer {
	struct office *office;
	atomic_bool enough;
	atomic_int written, failed;
};

static void *write_on(void *context)
{
	struct writer *writer = context;
	struct scene *scene = writer->office->scene;
	while (!atomic_load(&writer->enough)) {
		struct km_outcome outcome = {0};
		auto_free char *token =
			scene_sign(scene, AUDITOR, "audit", scene_audit(scene, "initial", "[\"beheer\",\"cloud\"]"));
		if (km_issuer_submit(writer->office->issuer, token, strlen(token), &outcome, NULL))
			atomic_fetch_add(&writer->failed, 1);
		else
			atomic_fetch_add(&writer->written, 1);
		km_outcome_done(&outcome);
	}
	return NULL;
}

static enum km_error refuse(void *context, const struct km_difference *difference)
{
	return km_fail(context, KM_INVALID, "difference", "%s %s %s: %s", difference->table, difference->row,
	               difference->column, difference->what);
}

static struct km_store *open_to_read(const char *path)
{
	struct km_problem problem = {0};
	struct km_store *store = NULL;
	assert_ok(km_store_open(path, KM_STORE_READ, &store, &problem), &problem);
	return store;
}

/* Nothing differs in the copy, and its log is the beginning of the register's. */
static void expect_whole(struct office *office, const char *path)
{
	struct km_problem problem = {0};
	struct km_store *copy = open_to_read(path);
	struct km_store *present = open_to_read(office->scene->fixture->path); /* the scene's own is the writer's */
	struct km_fsck fsck = {copy, office->scene->fixture->folder, &office->trust, office->scene->now, refuse, &problem};
	uint64_t size = 0;
	struct km_hash in_copy, in_register;
	assert_ok(km_store_read_begin(copy, &problem), &problem);
	assert_ok(km_fsck(&fsck, &problem), &problem);
	assert_ok(km_fsck_credentials(&fsck, &problem), &problem);
	assert_ok(km_log_size(copy, &size, &problem), &problem);
	assert_ok(km_log_root(copy, size, &in_copy, &problem), &problem);
	assert_ok(km_log_root(present, size, &in_register, &problem), &problem);
	assert_memory_equal(&in_copy, &in_register, sizeof in_copy);
	km_store_read_end(copy);
	km_store_close(copy);
	km_store_close(present);
}

static void copies_made_while_others_write_are_whole(void **state)
{
	struct office *office = *state;
	struct km_problem problem = {0};
	struct writer writer = {.office = office};
	pthread_t thread;
	char path[160];
	struct stat status;
	office_grant(office);
	snprintf(path, sizeof path, "%s/copy.db", office->scene->fixture->folder);
	struct km_store *store = open_to_read(office->scene->fixture->path);
	assert_int_equal(pthread_create(&thread, NULL, write_on, &writer), 0);
	for (int i = 1; i <= 10; i++) {
		while (atomic_load(&writer.written) < 2 * i && !atomic_load(&writer.failed))
			usleep(1000);
		assert_ok(km_backup(store, path, &problem), &problem);
		assert_int_equal(stat(path, &status), 0);
		assert_int_equal(status.st_mode & 0777, 0600);
		if (i % 5 == 0)
			expect_whole(office, path);
	}
	atomic_store(&writer.enough, true);
	pthread_join(thread, NULL);
	assert_int_equal(atomic_load(&writer.failed), 0);
	km_store_close(store);
}

static void a_copy_that_cannot_be_made_leaves_the_older_one(void **state)
{
	struct office *office = *state;
	struct km_problem problem = {0};
	char path[160], away[160];
	snprintf(path, sizeof path, "%s/copy.db", office->scene->fixture->folder);
	snprintf(away, sizeof away, "%s/none/copy.db", office->scene->fixture->folder);
	struct km_store *store = open_to_read(office->scene->fixture->path);
	assert_ok(km_backup(store, path, &problem), &problem);
	office_grant(office);
	assert_problem(km_backup(store, away, &problem), &problem, KM_IO, "backup");
	/* A folder is in the way: what was made beside it is gone again. */
	assert_problem(km_backup(store, office->scene->fixture->folder, &problem), &problem, KM_IO, "backup");
	char beside[200];
	snprintf(beside, sizeof beside, "ls -d %s.* 2>/dev/null | wc -l | grep -qx 0", office->scene->fixture->folder);
	assert_int_equal(system(beside), 0);
	expect_whole(office, path);
	km_store_close(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_OFFICE_TEST(copies_made_while_others_write_are_whole),
		KM_OFFICE_TEST(a_copy_that_cannot_be_made_leaves_the_older_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
