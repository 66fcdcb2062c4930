#include "tests/test.h"

#include "www/connections.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PLACES = 4, MANY = 12 };
static const int64_t NOW = 100000;

struct hall {
	struct km_connections *connections;
	struct km_connection *inside[MANY];
	int ours[MANY], theirs[MANY];
};

static int open_hall(void **state)
{
	struct hall *hall = calloc(1, sizeof *hall);
	if (!hall || km_connections_new(PLACES, &hall->connections, NULL) != KM_OK)
		return -1;
	*state = hall;
	return 0;
}

static void leave(struct hall *hall, size_t i)
{
	km_connections_leave(hall->connections, hall->inside[i]);
	close(hall->ours[i]);
	close(hall->theirs[i]);
	hall->inside[i] = NULL;
}

static int close_hall(void **state)
{
	struct hall *hall = *state;
	for (size_t i = 0; i < MANY; i++)
		if (hall->inside[i])
			leave(hall, i);
	km_connections_free(hall->connections);
	free(hall);
	return 0;
}

static void enter(struct hall *hall, size_t i, const char *from, int64_t now)
{
	struct km_visitor peer;
	int ends[2];
	assert_true(km_visitor_parse(from, strlen(from), &peer));
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	hall->ours[i] = ends[0];
	hall->theirs[i] = ends[1];
	hall->inside[i] = km_connections_enter(hall->connections, ends[0], &peer, now);
	assert_non_null(hall->inside[i]);
}

static bool is_cut(const struct hall *hall, size_t i)
{
	struct pollfd hung_up = {.fd = hall->theirs[i]};
	return poll(&hung_up, 1, 0) == 1 && (hung_up.revents & POLLHUP);
}

static void expect_cut(const struct hall *hall, size_t len, const char *which)
{
	char cut[MANY + 1] = "";
	for (size_t i = 0; i < len; i++)
		cut[i] = is_cut(hall, i) ? 'x' : '.';
	assert_string_equal(cut, which);
}

static void a_new_one_takes_the_place_of_the_one_that_waited_longest(void **state)
{
	struct hall *hall = *state;
	for (size_t i = 0; i < PLACES; i++)
		enter(hall, i, "192.0.2.1", NOW + (int64_t)i);
	expect_cut(hall, 4, "....");
	enter(hall, 4, "192.0.2.1", NOW + 9);
	expect_cut(hall, 5, "x....");
	km_connections_step(hall->connections, hall->inside[1], KM_STEP_BODY, NOW + 10);
	km_connections_step(hall->connections, hall->inside[1], KM_STEP_ANSWER, NOW + 10);
	km_connections_step(hall->connections, hall->inside[1], KM_STEP_HEAD, NOW + 10); /* it has had its answer */
	enter(hall, 5, "192.0.2.1", NOW + 11);
	expect_cut(hall, 6, "x.x...");
	leave(hall, 0);
	leave(hall, 2);
	leave(hall, 3); /* which makes room */
	enter(hall, 6, "192.0.2.1", NOW + 12);
	assert_false(is_cut(hall, 1) || is_cut(hall, 4) || is_cut(hall, 5) || is_cut(hall, 6));
	assert_int_equal(km_connections_count(hall->connections).open, 4);
	assert_int_equal(km_connections_count(hall->connections).displaced, 2);
	assert_int_equal(km_connections_count(hall->connections).slow, 0);
}

static void who_holds_most_gives_way(void **state)
{
	struct hall *hall = *state;
	enter(hall, 0, "192.0.2.1", NOW);
	enter(hall, 1, "2001:db8::1", NOW + 1);
	enter(hall, 2, "2001:db8::2", NOW + 2); /* of the same household */
	enter(hall, 3, "2001:db8:0:1::1", NOW + 3);
	enter(hall, 4, "192.0.2.2", NOW + 4);
	expect_cut(hall, 5, ".x...");
	leave(hall, 1);
	enter(hall, 5, "192.0.2.3", NOW + 5); /* now all hold one */
	expect_cut(hall, 1, "x");
}

static void one_that_is_answered_goes_last(void **state)
{
	struct hall *hall = *state;
	for (size_t i = 0; i < PLACES; i++)
		enter(hall, i, i < 3 ? "192.0.2.1" : "192.0.2.9", NOW);
	for (size_t i = 0; i < 3; i++)
		km_connections_step(hall->connections, hall->inside[i], KM_STEP_ANSWER, NOW + (int64_t)i);
	enter(hall, 4, "192.0.2.1", NOW + 5);
	expect_cut(hall, 5, "...x.");
	km_connections_step(hall->connections, hall->inside[4], KM_STEP_ANSWER, NOW + 5);
	enter(hall, 5, "192.0.2.9", NOW + 6); /* but go they do, where all are */
	expect_cut(hall, 6, "x..x..");
}

static void each_step_has_its_time_however_it_trickles(void **state)
{
	struct hall *hall = *state;
	for (size_t i = 0; i < 3; i++)
		enter(hall, i, "192.0.2.1", NOW);
	km_connections_step(hall->connections, hall->inside[1], KM_STEP_BODY, NOW);
	km_connections_step(hall->connections, hall->inside[2], KM_STEP_ANSWER, NOW);
	km_connections_tend(hall->connections, NOW + KM_HEAD_MAX_S);
	expect_cut(hall, 3, "...");
	km_connections_tend(hall->connections, NOW + KM_HEAD_MAX_S + 1);
	expect_cut(hall, 3, "x..");
	km_connections_tend(hall->connections, NOW + KM_BODY_MAX_S);
	expect_cut(hall, 3, "x..");
	km_connections_tend(hall->connections, NOW + KM_BODY_MAX_S + 1);
	expect_cut(hall, 3, "xx.");
	km_connections_tend(hall->connections, NOW + KM_ANSWER_MAX_S);
	expect_cut(hall, 3, "xx.");
	km_connections_tend(hall->connections, NOW + KM_ANSWER_MAX_S + 1);
	expect_cut(hall, 3, "xxx");
	assert_int_equal(km_connections_count(hall->connections).slow, 3);
	assert_int_equal(km_connections_count(hall->connections).displaced, 0);
	assert_int_equal(km_connections_count(hall->connections).open, 3); /* until they leave */
}

#define IN_HALL(test) cmocka_unit_test_setup_teardown(test, open_hall, close_hall)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_HALL(a_new_one_takes_the_place_of_the_one_that_waited_longest),
		IN_HALL(who_holds_most_gives_way),
		IN_HALL(one_that_is_answered_goes_last),
		IN_HALL(each_step_has_its_time_however_it_trickles),
	};
	return cmocka_run_group_tests_name("connections", tests, NULL, NULL);
}
