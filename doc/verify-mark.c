/*
 * verify-mark KEYS THING [STATUS]: an example of libkeurmerk-verify. Says whether a mark is genuine and holds now.
 *
 *   KEYS    the key set of the registry whose word you take: https://REGISTRY/.well-known/jwks.json
 *   THING   a badge, a credential, or what a QR code holds, in a file
 *   STATUS  what https://REGISTRY/m/NUMBER/status.jwt says now
 *
 * cc verify-mark.c $(pkg-config --cflags --libs keurmerk-verify) -o verify-mark
 */
#include <keurmerk-verify.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* The whole file with a NUL behind it, for free(); ends the program where it cannot be read. */
static char *read_file(const char *path, size_t *ret_len)
{
	enum { MAX = 1 << 24 };
	FILE *file = fopen(path, "rb");
	char *bytes = malloc(MAX + 1);
	if (!file || !bytes) {
		perror(path);
		exit(2);
	}
	*ret_len = fread(bytes, 1, MAX, file);
	bytes[*ret_len] = '\0';
	fclose(file);
	return bytes;
}

int main(int argc, char **argv)
{
	static const char *const results[] = {"not reached", "good", "bad", "unknown"};
	struct km_verify_evidence evidence = {0};
	size_t keys_len, thing_len, status_len;
	char why[256], *status = NULL;
	if (argc < 3) {
		fprintf(stderr, "usage: verify-mark KEYS THING [STATUS]\n");
		return 2;
	}
	char *jwks = read_file(argv[1], &keys_len), *thing = read_file(argv[2], &thing_len);
	if (argc > 3)
		evidence.status = status = read_file(argv[3], &status_len);
	struct km_verify_keys *keys = km_verify_keys_parse(jwks, keys_len, why, sizeof why);
	if (!keys) {
		fprintf(stderr, "%s: %s\n", argv[1], why);
		return 2;
	}
	struct km_verify_verdict *verdict = km_verify_thing(thing, thing_len, keys, &evidence, time(NULL));
	if (!verdict)
		return 2;
	printf("%s\n", verdict->sentence);
	if (*verdict->warning)
		printf("Take care: %s\n", verdict->warning);
	for (size_t i = 0; i < verdict->checks_len; i++)
		printf("  %-10s %-11s %s\n", verdict->checks[i].name, results[verdict->checks[i].result],
		       verdict->checks[i].detail);
	int exit_status = verdict->outcome == KM_VERIFY_GENUINE ? 0 : verdict->outcome == KM_VERIFY_NOT_VALID ? 1 : 3;
	km_verify_verdict_free(verdict);
	km_verify_keys_free(keys);
	free(status);
	free(thing);
	free(jwks);
	return exit_status;
}
