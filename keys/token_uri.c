#include "keys/token_uri.h"

#include <p11-kit/uri.h>
#include <string.h>

static const char scheme[] = "pkcs11:", file_scheme[] = "file:";

bool km_token_uri_is(const char *text)
{
	return strncmp(text, scheme, sizeof scheme - 1) == 0;
}

void km_token_uri_free(struct p11_kit_uri **uri)
{
	p11_kit_uri_free(*uri);
}

const char *km_token_uri_pin_file(const struct p11_kit_uri *uri)
{
	const char *source = p11_kit_uri_get_pin_source(uri);
	if (!source)
		return NULL;
	if (strncmp(source, file_scheme, sizeof file_scheme - 1) != 0)
		return source;
	source += sizeof file_scheme - 1;
	/* file:///etc/pin is the longer way to write file:/etc/pin. */
	return strncmp(source, "//", 2) == 0 ? source + 2 : source;
}

static enum km_error check(struct p11_kit_uri *uri, struct km_problem *problem)
{
	const char *pin_file = km_token_uri_pin_file(uri), *module = p11_kit_uri_get_module_path(uri);
	const char *wrong = NULL;
	if (p11_kit_uri_get_pin_value(uri))
		wrong = "a PIN in it could be read by others, and perhaps it was: change the PIN, put it into a file with mode "
				"0600, and name that with pin-source=file:/…";
	else if (p11_kit_uri_any_unrecognized(uri))
		wrong = "it names something that is not known (token, serial, manufacturer, model, object and id are)";
	else if (pin_file && *pin_file != '/')
		wrong = "pin-source is to be a file, with its path from the root: pin-source=file:/…";
	else if (module && *module != '/')
		wrong = "module-path is to be a path from the root: module-path=/usr/lib/…";
	else if (p11_kit_uri_get_module_name(uri))
		wrong = "a module is named by module-path=/usr/lib/…";
	return wrong ? km_fail(problem, KM_INVALID, "token-uri", "this pkcs11: URI cannot be used: %s", wrong) : KM_OK;
}

static const char *reason(int result)
{
	switch (result) {
	case P11_KIT_URI_BAD_SCHEME:
		return "it does not begin with pkcs11:";
	case P11_KIT_URI_BAD_ENCODING:
		return "after a % come two hexadecimal digits";
	default:
		return "it is pkcs11:token=NAME, with ; between what names the token, and ?, then & before what else there is";
	}
}

enum km_error km_token_uri_parse(const char *text, struct p11_kit_uri **ret_uri, struct km_problem *problem)
{
	if (strlen(text) > KM_TOKEN_URI_MAX)
		return km_fail(problem, KM_TOO_LARGE, "too-large", "this pkcs11: URI is over %d bytes", KM_TOKEN_URI_MAX);
	auto_token_uri struct p11_kit_uri *uri = p11_kit_uri_new();
	if (!uri)
		return km_fail_memory(problem);
	int result = p11_kit_uri_parse(text, P11_KIT_URI_FOR_ANY, uri);
	if (result == P11_KIT_URI_NO_MEMORY)
		return km_fail_memory(problem);
	if (result != P11_KIT_URI_OK)
		return km_fail(problem, KM_INVALID, "token-uri", "this pkcs11: URI cannot be read: %s", reason(result));
	enum km_error error = check(uri, problem);
	if (error)
		return error;
	*ret_uri = uri;
	uri = NULL;
	return KM_OK;
}

bool km_token_uri_names_key(struct p11_kit_uri *uri)
{
	return p11_kit_uri_get_attribute(uri, CKA_ID) || p11_kit_uri_get_attribute(uri, CKA_LABEL);
}

bool km_token_names_key(const char *text)
{
	auto_token_uri struct p11_kit_uri *uri = NULL;
	return !km_token_uri_parse(text, &uri, NULL) && km_token_uri_names_key(uri);
}

bool km_token_uri_made_here(const char *text)
{
	auto_token_uri struct p11_kit_uri *uri = NULL;
	return !km_token_uri_parse(text, &uri, NULL) && p11_kit_uri_get_attribute(uri, CKA_LABEL);
}

static char *format(struct p11_kit_uri *uri)
{
	char *text = NULL;
	return p11_kit_uri_format(uri, P11_KIT_URI_FOR_ANY, &text) == P11_KIT_URI_OK ? text : NULL;
}

char *km_token_uri_of_token(const char *text)
{
	auto_token_uri struct p11_kit_uri *uri = NULL;
	if (km_token_uri_parse(text, &uri, NULL))
		return NULL;
	p11_kit_uri_clear_attributes(uri);
	return format(uri);
}

char *km_token_uri_of_key(const char *text, const void *id, size_t id_len, const char *label)
{
	auto_token_uri struct p11_kit_uri *uri = NULL;
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	/* Values are only read, whatever the type says. */
	CK_ATTRIBUTE kind = {CKA_CLASS, &class, sizeof class}, identity = {CKA_ID, (void *)id, id_len};
	if (km_token_uri_parse(text, &uri, NULL))
		return NULL;
	p11_kit_uri_clear_attributes(uri);
	if (p11_kit_uri_set_attribute(uri, &kind) != P11_KIT_URI_OK ||
	    p11_kit_uri_set_attribute(uri, &identity) != P11_KIT_URI_OK)
		return NULL;
	if (label) {
		CK_ATTRIBUTE name = {CKA_LABEL, (void *)label, strlen(label)};
		if (p11_kit_uri_set_attribute(uri, &name) != P11_KIT_URI_OK)
			return NULL;
	}
	return format(uri);
}
