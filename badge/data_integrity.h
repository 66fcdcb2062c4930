/*
 * The credential (badge/credential.h) with an embedded proof, as a JSON-LD document: what badge wallets and public
 * verifiers read. W3C Verifiable Credential Data Integrity 1.0, cryptosuite eddsa-rdfc-2022.
 *
 * The proof is over the document's RDF. A general JSON-LD processor is not needed to write that down: the document's
 * shape is fixed and each of its nodes has an IRI, so a table of its members is enough. Tests hold the result to that
 * of the reference implementations, byte for byte.
 */
#ifndef KM_BADGE_DATA_INTEGRITY_H
#define KM_BADGE_DATA_INTEGRITY_H

#include "base/error.h"
#include "keys/keyset.h"
#include "keys/proof.h"
#include "keys/signer.h"

#include <jansson.h>
#include <stddef.h>

/* The RDF of a credential of our shape, without its proof, as canonical N-Quads; the caller's (free). KM_INVALID names
 * a member that our shape does not have, or that is of another form. */
enum km_error km_data_integrity_nquads(const json_t *document, const char *url, char **ret_text, size_t *ret_len,
                                       struct km_problem *problem);

/* Has the signer prove the document and sets its member `proof`. On failure the document is as it was. */
enum km_error km_data_integrity_prove(json_t *document, const char *url, struct km_signer *signer,
                                      struct km_problem *problem);

/* Sets its member `proof` to what the signer made of those N-Quads (km_signer_prove). */
enum km_error km_data_integrity_add(json_t *document, const char *proof_text, struct km_problem *problem);

/* Takes a proven document apart: removes `proof` from it, reads that, and writes the rest as N-Quads (the caller's:
 * free), for km_proof_valid. Nothing in it is believed yet. KM_INVALID names the member. */
enum km_error km_data_integrity_open(json_t *document, const char *url, struct km_proof *ret_proof, char **ret_nquads,
                                     size_t *ret_len, struct km_problem *problem);

#endif
