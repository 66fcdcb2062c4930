#include "cli/reissue.h"

#include "badge/issuer.h"
#include "cli/say.h"
#include "keys/signer.h"
#include "registry/credential_key.h"

enum { AT_ONCE = 200, SAY_EVERY_S = 1 };

struct reissue {
	struct km_signer *signer;
	struct km_issuer *issuer;
	struct km_clock machine; /* when something was said last is nobody's time but ours */
};

static enum km_error find_key(const struct km_call *call, const struct km_home *home, struct km_keyset_entry *ret_entry,
                              struct km_problem *problem)
{
	struct km_keyset set;
	enum km_error error = km_signer_keyset(home->keys, &set, problem);
	if (error)
		return error;
	const struct km_keyset_entry *entry = km_keyset_current(&set, KM_PURPOSE_CREDENTIAL, km_clock_now(&call->clock));
	if (!entry)
		return km_fail(problem, KM_CONFLICT, "no-key", "no key for credentials signs now");
	*ret_entry = *entry;
	return KM_OK;
}

static enum km_error work(const struct km_call *call, struct reissue *reissue, const char *thumbprint,
                          struct km_problem *problem)
{
	int64_t all = 0, done = 0, said_at = km_clock_now(&reissue->machine);
	enum km_error error = km_credentials_by_others_count(km_issuer_store(reissue->issuer), thumbprint,
	                                                     km_clock_now(&call->clock), &all, problem);
	while (!error) {
		size_t more = 0;
		error = km_issuer_sign_anew(reissue->issuer, thumbprint, AT_ONCE, &more, problem);
		done += (int64_t)more;
		if (error || more == 0)
			break;
		if (km_clock_now(&reissue->machine) >= said_at + SAY_EVERY_S) {
			said_at = km_clock_now(&reissue->machine);
			km_say(stderr, "keurmerk: %lld of %lld credentials signed anew", (long long)done, (long long)all);
		}
	}
	if (!error)
		km_say(stdout, "%lld credentials were signed anew, with %s.", (long long)done, thumbprint);
	return error;
}

enum km_error km_reissue(const struct km_call *call, const struct km_home *home, const char *passphrase,
                         struct km_problem *problem)
{
	struct reissue reissue = {.machine = km_clock_system()};
	struct km_keyset_entry key;
	enum km_error error = find_key(call, home, &key, problem);
	if (!error)
		error = km_signer_open(home->keys, passphrase, &call->clock, &reissue.signer, problem);
	if (!error)
		error = km_issuer_open(home->database, reissue.signer, &call->clock, &reissue.issuer, problem);
	if (!error)
		error = work(call, &reissue, key.thumbprint, problem);
	km_issuer_close(reissue.issuer);
	km_signer_close(reissue.signer);
	return error;
}
