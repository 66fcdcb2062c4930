#include "cli/line.h"
#include "tests/test.h"

#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

struct ends {
	int server, keeper;
};

static struct ends make_line(void)
{
	int ends[2];
	struct km_problem problem = {0};
	assert_ok(km_line_make(ends, &problem), &problem);
	return (struct ends){ends[0], ends[1]};
}

static void close_line(const struct ends *ends)
{
	close(ends->server);
	if (ends->keeper >= 0)
		close(ends->keeper);
}

/* A descriptor to hand over, and the other end of its pipe: that has ended when nobody holds a copy any more. */
struct token {
	int given, seen;
};

static struct token make_token(void)
{
	int ends[2];
	assert_int_equal(pipe2(ends, O_NONBLOCK), 0); /* nobody waits for what does not come */
	return (struct token){ends[1], ends[0]};
}

static void hand_over(int line, struct token *token)
{
	assert_int_equal(km_line_say(line, KM_LINE_SIGNER, NULL, token->given), KM_OK);
	close(token->given);
}

struct keeper {
	int line;
	struct token *token;
	enum km_error heard;
	enum km_line_word asked;
};

static void *answer_one(void *context)
{
	struct keeper *keeper = context;
	struct km_line_message message = {0};
	int fd = -1;
	keeper->heard = km_line_hear(keeper->line, false, &message, &fd);
	keeper->asked = message.word;
	if (!keeper->heard)
		km_line_say(keeper->line, KM_LINE_SIGNER, NULL, keeper->token->given);
	return NULL;
}

/* Or each question from then on would be given the answer to the one before: a signer that has been ended since. */
static void an_answer_that_came_too_late_is_not_that_to_the_next_question(void **state)
{
	(void)state;
	struct ends ends = make_line();
	struct token late[] = {make_token(), make_token()}, good = make_token();
	struct keeper keeper = {.line = ends.keeper, .token = &good};
	struct km_line_message answer;
	int fd = -1;
	char byte;
	pthread_t thread;
	for (size_t i = 0; i < 2; i++)
		hand_over(ends.keeper, &late[i]);
	assert_int_equal(pthread_create(&thread, NULL, answer_one, &keeper), 0);
	assert_int_equal(km_line_ask(ends.server, KM_LINE_SIGNER, &answer, &fd), KM_OK);
	pthread_join(thread, NULL);
	assert_int_equal(keeper.heard, KM_OK);
	assert_int_equal(keeper.asked, KM_LINE_SIGNER);
	assert_int_equal(answer.word, KM_LINE_SIGNER);
	assert_int_equal(write(fd, "x", 1), 1);
	assert_int_equal(read(good.seen, &byte, 1), 1);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(read(late[i].seen, &byte, 1), 0); /* no copy of it is left open */
		close(late[i].seen);
	}
	close(fd);
	close(good.given);
	close(good.seen);
	close_line(&ends);
}

static void who_asks_when_the_other_end_is_gone_is_told(void **state)
{
	(void)state;
	struct ends ends = make_line();
	struct km_line_message answer;
	int fd = -1;
	close(ends.keeper);
	ends.keeper = -1;
	assert_int_equal(km_line_ask(ends.server, KM_LINE_SIGNER, &answer, &fd), KM_UNAVAILABLE);
	assert_int_equal(fd, -1);
	close_line(&ends);
}

static void what_is_no_message_is_refused(void **state)
{
	(void)state;
	struct ends ends = make_line();
	struct km_line_message message = {.word = KM_LINE_WORDS};
	int fd = -1;
	assert_int_equal(write(ends.server, "short", 5), 5);
	assert_int_equal(write(ends.server, &message, sizeof message), (int)sizeof message);
	assert_int_equal(km_line_hear(ends.keeper, true, &message, &fd), KM_MALFORMED);
	assert_int_equal(km_line_hear(ends.keeper, true, &message, &fd), KM_MALFORMED);
	assert_int_equal(km_line_hear(ends.keeper, true, &message, &fd), KM_ABSENT);
	close_line(&ends);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_TEST(an_answer_that_came_too_late_is_not_that_to_the_next_question),
		KM_TEST(who_asks_when_the_other_end_is_gone_is_told),
		KM_TEST(what_is_no_message_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
