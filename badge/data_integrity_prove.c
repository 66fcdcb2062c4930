#include "badge/data_integrity.h"

#include "base/buf.h"
#include "base/json.h"

#include <string.h>

enum km_error km_data_integrity_add(json_t *document, const char *proof_text, struct km_problem *problem)
{
	json_t *proof = NULL;
	enum km_error error = km_json_parse(proof_text, strlen(proof_text), "the proof", &proof, problem);
	if (error)
		return error;
	return json_object_set_new(document, "proof", proof) == 0 ? KM_OK : km_fail_memory(problem);
}

enum km_error km_data_integrity_prove(json_t *document, const char *url, struct km_signer *signer,
                                      struct km_problem *problem)
{
	auto_free char *nquads = NULL, *text = NULL;
	size_t len = 0;
	enum km_error error = km_data_integrity_nquads(document, url, &nquads, &len, problem);
	if (!error)
		error = km_signer_prove(signer, nquads, len, &text, problem);
	return error ? error : km_data_integrity_add(document, text, problem);
}
