#include "badge/data_integrity.h"

#include "base/buf.h"
#include "base/json.h"
#include "keys/nquads.h"

#include <stdio.h>
#include <string.h>

enum { IRI_MAX = 512, TYPES_MAX = 3, TERMS_MAX = 16 };

/* ------------------------------------------------------------------------------------------------ vocabularies */

/* "schema:name" is https://schema.org/name. */
static const struct prefix {
	const char *name, *iri; /* iri NULL: <url>/contexts/v1# */
} prefixes[] = {
	{"rdf:", "http://www.w3.org/1999/02/22-rdf-syntax-ns#"},
	{"xsd:", "http://www.w3.org/2001/XMLSchema#"},
	{"xsd-s:", "https://www.w3.org/2001/XMLSchema#"}, /* as the context of Open Badges spells it */
	{"schema:", "https://schema.org/"},
	{"vc:", "https://www.w3.org/2018/credentials#"},
	{"status:", "https://www.w3.org/ns/credentials/status#"},
	{"ob:", "https://purl.imsglobal.org/spec/vc/ob/vocab.html#"},
	{"vccs:", "https://purl.imsglobal.org/spec/vccs/v1p0/context.json#"},
	{"own:", NULL},
};

struct writing {
	const char *url;
	struct km_nquads *set;
	struct km_problem *problem;
};

/* A name that is in the tables below. */
static enum km_error expand(const struct writing *w, const char *name, char ret_iri[static IRI_MAX])
{
	for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
		size_t len = strlen(prefixes[i].name);
		if (strncmp(name, prefixes[i].name, len) != 0)
			continue;
		int iri_len = prefixes[i].iri ? snprintf(ret_iri, IRI_MAX, "%s%s", prefixes[i].iri, name + len)
		                              : snprintf(ret_iri, IRI_MAX, "%s/contexts/v1#%s", w->url, name + len);
		return iri_len < IRI_MAX ? KM_OK : km_fail(w->problem, KM_INVALID, "url", "the registry's address is too long");
	}
	return km_fail(w->problem, KM_BUG, "vocabulary", "%s has a prefix that is not listed", name);
}

/* -------------------------------------------------------------------------------------- the credential's shape */

struct shape;

/* What a member says: a link to another node where it has a shape, or is one; else a text, of a datatype or of none. */
struct term {
	const char *member, *predicate, *datatype;
	const struct shape *node;
	bool is_link;
};

struct shape {
	struct {
		const char *name, *iri;
	} types[TYPES_MAX];
	struct term terms[TERMS_MAX];
};

static const struct shape profile = {
	.types = {{"Profile", "ob:Profile"}},
	.terms = {{"name", "schema:name"}, {"url", "schema:url", "xsd-s:anyURI"}},
};

static const struct shape criteria = {.terms = {{"narrative", "ob:narrative"}}};

static const struct shape achievement = {
	.types = {{"Achievement", "ob:Achievement"}},
	.terms = {{"name", "schema:name"},
              {"description", "schema:description"},
              {"version", "ob:version"},
              {"criteria", "ob:Criteria", .node = &criteria}},
};

static const struct shape service = {
	.types = {{"CertifiedService", "own:CertifiedService"}},
	.terms = {{"name", "schema:name"}},
};

static const struct shape level = {
	.types = {{"CertifiedLevel", "own:CertifiedLevel"}},
	.terms = {{"name", "schema:name"}},
};

static const struct shape subject = {
	.types = {{"AchievementSubject", "ob:AchievementSubject"}},
	.terms = {{"name", "schema:name"},
              {"kvkNumber", "own:kvkNumber"},
              {"licenseNumber", "ob:licenseNumber"},
              {"domainName", "own:domainName"},
              {"certifiedService", "own:certifiedService", .node = &service},
              {"certifiedLevel", "own:certifiedLevel", .node = &level},
              {"achievement", "ob:achievement", .node = &achievement}},
};

static const struct shape body = {
	.types = {{"CertificationBody", "own:CertificationBody"}},
	.terms = {{"name", "schema:name"}, {"accreditationNumber", "own:accreditationNumber"}},
};

static const struct shape evidence = {
	.types = {{"Evidence", "ob:Evidence"}},
	.terms = {{"genre", "schema:genre"}, {"auditDate", "schema:auditDate", "xsd:date"}},
};

static const struct shape status_entry = {
	.types = {{"BitstringStatusListEntry", "status:BitstringStatusListEntry"}},
	.terms = {{"statusPurpose", "status:statusPurpose"},
              {"statusListIndex", "status:statusListIndex"},
              {"statusListCredential", "status:statusListCredential", .is_link = true}},
};

static const struct shape schema = {
	.types = {{"1EdTechJsonSchemaValidator2019", "vccs:1EdTechJsonSchemaValidator2019"}},
};

static const struct shape credential = {
	.types = {{"VerifiableCredential", "vc:VerifiableCredential"}, {"OpenBadgeCredential", "ob:OpenBadgeCredential"}},
	.terms = {{"name", "schema:name"},
              {"issuer", "vc:issuer", .node = &profile},
              {"validFrom", "vc:validFrom", "xsd:dateTime"},
              {"validUntil", "vc:validUntil", "xsd:dateTime"},
              {"credentialSubject", "vc:credentialSubject", .node = &subject},
              {"certifiedBy", "own:certifiedBy", .node = &body},
              {"evidence", "vc:evidence", .node = &evidence},
              {"credentialStatus", "vc:credentialStatus", .node = &status_entry},
              {"credentialSchema", "vc:credentialSchema", .node = &schema}},
};

/* ------------------------------------------------------------------------------------------------ writing it down */

static enum km_error refuse(const struct writing *w, const char *member, const char *why)
{
	return km_fail(w->problem, KM_INVALID, "member", "%.64s: %s", member, why);
}

static enum km_error write_node(const struct writing *w, const json_t *node, const struct shape *shape,
                                const char *member, const char **ret_id);

/* One value of a member. */
static enum km_error write_value(const struct writing *w, const char *node_id, const struct term *term,
                                 const json_t *value)
{
	char predicate[IRI_MAX], datatype[IRI_MAX];
	const char *text = json_string_value(value);
	enum km_error error = expand(w, term->predicate, predicate);
	if (!error && term->datatype)
		error = expand(w, term->datatype, datatype);
	if (!error && term->node)
		error = write_node(w, value, term->node, term->member, &text);
	if (error)
		return error;
	if (!text)
		return refuse(w, term->member, "a text is expected here");
	if (term->node || term->is_link)
		km_nquads_add_link(w->set, node_id, predicate, text);
	else
		km_nquads_add_text(w->set, node_id, predicate, text, term->datatype ? datatype : NULL);
	return KM_OK;
}

/* To JSON-LD, a list of values and one value alone are the same. */
static size_t values_len(const json_t *value)
{
	return json_is_array(value) ? json_array_size(value) : 1;
}

static const json_t *value_at(const json_t *value, size_t i)
{
	return json_is_array(value) ? json_array_get(value, i) : value;
}

static enum km_error write_types(const struct writing *w, const char *node_id, const struct shape *shape,
                                 const json_t *types)
{
	for (size_t i = 0; i < values_len(types); i++) {
		const char *name = json_string_value(value_at(types, i));
		size_t found = 0;
		while (found < TYPES_MAX && shape->types[found].name && name && strcmp(shape->types[found].name, name) != 0)
			found++;
		if (!name || found == TYPES_MAX || !shape->types[found].name)
			return refuse(w, "type", "this is not a type that a credential has here");
		char rdf_type[IRI_MAX], type[IRI_MAX];
		enum km_error error = expand(w, "rdf:type", rdf_type);
		if (!error)
			error = expand(w, shape->types[found].iri, type);
		if (error)
			return error;
		km_nquads_add_link(w->set, node_id, rdf_type, type);
	}
	return KM_OK;
}

static enum km_error write_member(const struct writing *w, const char *node_id, const struct shape *shape,
                                  const char *member, const json_t *value)
{
	const struct term *term = shape->terms;
	while (term < shape->terms + TERMS_MAX && term->member && strcmp(term->member, member) != 0)
		term++;
	if (term == shape->terms + TERMS_MAX || !term->member)
		return refuse(w, member, "a credential has no such member here");
	enum km_error error = KM_OK;
	for (size_t i = 0; !error && i < values_len(value); i++)
		error = write_value(w, node_id, term, value_at(value, i));
	return error;
}

/* `member` is where it was found; its id is borrowed from the node. */
static enum km_error write_node(const struct writing *w, const json_t *node, const struct shape *shape,
                                const char *member, const char **ret_id)
{
	const char *id = json_string_value(json_object_get(node, "id")), *name;
	json_t *value;
	if (!id || !*id)
		return refuse(w, member, "something with an id is expected here");
	enum km_error error = KM_OK;
	json_object_foreach((json_t *)node, name, value) /* does not change it */
	{
		if (strcmp(name, "id") == 0 || (shape == &credential && strcmp(name, "@context") == 0))
			continue;
		error = strcmp(name, "type") == 0 ? write_types(w, id, shape, value) : write_member(w, id, shape, name, value);
		if (error)
			return error;
	}
	*ret_id = id;
	return KM_OK;
}

enum km_error km_data_integrity_nquads(const json_t *document, const char *url, char **ret_text, size_t *ret_len,
                                       struct km_problem *problem)
{
	auto_nquads struct km_nquads set = KM_NQUADS_EMPTY;
	const struct writing w = {url, &set, problem};
	const char *id = NULL;
	enum km_error error = write_node(&w, document, &credential, "the credential", &id);
	return error ? error : km_nquads_take(&set, ret_text, ret_len, problem);
}

enum km_error km_data_integrity_open(json_t *document, const char *url, struct km_proof *ret_proof, char **ret_nquads,
                                     size_t *ret_len, struct km_problem *problem)
{
	struct km_proof proof;
	enum km_error error = km_proof_parse(json_object_get(document, "proof"), &proof, problem);
	if (error)
		return error;
	json_object_del(document, "proof");
	error = km_data_integrity_nquads(document, url, ret_nquads, ret_len, problem);
	if (!error)
		*ret_proof = proof;
	return error;
}
