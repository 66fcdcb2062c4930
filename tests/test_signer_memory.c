#include "tests/signing.h"

#include "base/encode.h"

#include <sys/mman.h>

#if !defined __SANITIZE_ADDRESS__ && !defined __SANITIZE_THREAD__
/* Writes each private seed, with all its bits turned over, to the file "hidden". */
static void hide_secrets_elsewhere(void)
{
	int status;
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		uint8_t hidden[KM_PURPOSES][32];
		struct km_keyset set;
		if (km_signer_keyset("keys", &set, NULL) != KM_OK)
			_exit(2);
		for (enum km_purpose purpose = 0; purpose < KM_PURPOSES; purpose++) {
			char path[128], pem[1024];
			uint8_t der[48]; /* RFC 8410: the seed is the last 32 bytes */
			snprintf(path, sizeof path, "keys/%s-%s.pem", km_purpose_name(purpose),
			         entry_for(&set, purpose)->thumbprint);
			km_test_read(path, pem, sizeof pem);
			const char *base64 = strchr(pem, '\n') + 1;
			if (!km_decode_exact(KM_BASE64, base64, strcspn(base64, "\n"), der, sizeof der))
				_exit(1);
			for (size_t i = 0; i < 32; i++)
				hidden[purpose][i] = der[16 + i] ^ 0xff;
		}
		km_test_write("hidden", hidden, sizeof hidden, 0600);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

/* How many of the seeds are in these bytes. */
static size_t count_seeds(const uint8_t *bytes, size_t len, uint8_t hidden[KM_PURPOSES][32])
{
	size_t found = 0;
	for (size_t at = 0; at + 32 <= len; at++) {
		for (size_t key = 0; key < KM_PURPOSES; key++) {
			size_t same = 0;
			while (same < 32 && (bytes[at + same] ^ hidden[key][same]) == 0xff)
				same++;
			found += same == 32;
		}
	}
	return found;
}

/* In all the memory of this process. */
static size_t seeds_in_memory(void)
{
	uint8_t hidden[KM_PURPOSES][32];
	size_t found = 0;
	char line[512];
	int fd = open("hidden", O_RDONLY | O_CLOEXEC);
	assert_int_equal(read(fd, hidden, sizeof hidden), sizeof hidden);
	close(fd);
	int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	FILE *maps = fopen("/proc/self/maps", "re");
	assert_true(memory >= 0 && maps);
	while (fgets(line, sizeof line, maps)) {
		unsigned long long from, to;
		char rights[8];
		assert_int_equal(sscanf(line, "%llx-%llx %7s", &from, &to, rights), 3);
		if (rights[0] != 'r' || strstr(line, "[v"))
			continue;
		uint8_t *copy = mmap(NULL, to - from, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		assert_ptr_not_equal(copy, MAP_FAILED);
		ssize_t got = pread(memory, copy, to - from, (off_t)from);
		if (got > 0)
			found += count_seeds(copy, (size_t)got, hidden);
		munmap(copy, to - from);
	}
	fclose(maps);
	close(memory);
	return found;
}
#endif

static void the_memory_of_the_server_holds_no_private_key(void **state)
{
	(void)state;
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
	skip(); /* their shadow memory is too large to go through */
#else
	make_keys_elsewhere(NULL);
	hide_secrets_elsewhere();
	struct km_problem problem = {0};
	struct km_signer *signer = start(&own), *inside = NULL;
	for (enum km_form form = 0; form < KM_FORMS; form++)
		assert_signs(signer, form);
	assert_int_equal(seeds_in_memory(), 0);
	/* The twin, which shows that this search finds what is there. */
	struct km_clock clock = km_clock_system();
	assert_ok(km_signer_open("keys", NULL, &clock, &inside, &problem), &problem);
	assert_true(seeds_in_memory() >= KM_PURPOSES);
	km_signer_close(inside);
	assert_int_equal(seeds_in_memory(), 0); /* and that closing wipes */
	stop(signer);
#endif
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], KM_SIGNER_COMMAND) == 0)
		return km_signer_process_main(argc - 2, argv + 2);
	const struct CMUnitTest tests[] = {
		KM_TEST_IN_FOLDER(the_memory_of_the_server_holds_no_private_key),
	};
	return cmocka_run_group_tests_name("signer memory", tests, NULL, NULL);
}
