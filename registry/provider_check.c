#include "registry/provider_check.h"

#include "registry/name.h"
#include "registry/region.h"

#include <stdio.h>
#include <string.h>

enum { CITY_MAX = 100, PHONE_MIN = 3, PHONE_MAX = 30 };

static enum km_error check_numbers(const struct km_provider *provider, struct km_problem *problem)
{
	if (!provider->kvk || !km_kvk_valid(provider->kvk))
		return km_fail(problem, KM_INVALID, "kvk", "a KvK number has 8 digits, with zeros in front: 01234567");
	if (provider->establishment && !km_establishment_valid(provider->establishment))
		return km_fail(problem, KM_INVALID, "establishment",
		               "an establishment number (vestigingsnummer) has 12 digits, with zeros in front: 000012345678");
	if (provider->rsin && !km_rsin_valid(provider->rsin))
		return km_fail(problem, KM_INVALID, "rsin",
		               "this is not an RSIN: it has 9 digits, which must pass the 11-test; look for a mistyped digit");
	if (provider->lei && !km_lei_valid(provider->lei))
		return km_fail(
			problem, KM_INVALID, "lei",
			"this is not an LEI: it has 18 capitals and digits and then 2 check digits, which must fit; look "
			"for a mistyped character");
	return KM_OK;
}

/* An EUID of the Dutch register holds the KvK number, so the two must agree. */
static enum km_error check_euid(const struct km_provider *provider, struct km_provider_form *form,
                                struct km_problem *problem)
{
	snprintf(form->euid, sizeof form->euid, "NLNHR.%s", provider->kvk);
	if (!provider->euid)
		return KM_OK;
	if (!km_euid_valid(provider->euid))
		return km_fail(problem, KM_INVALID, "euid",
		               "an EUID is a country, a register, a dot and a number, like NLNHR.01234567");
	if (strncmp(provider->euid, "NLNHR.", 6) == 0 && strcmp(provider->euid, form->euid) != 0)
		return km_fail(problem, KM_INVALID, "euid", "the EUID %s is not that of KvK number %s, which is %s",
		               provider->euid, provider->kvk, form->euid);
	snprintf(form->euid, sizeof form->euid, "%s", provider->euid);
	return KM_OK;
}

static enum km_error check_names(const struct km_provider *provider, struct km_problem *problem)
{
	enum km_error error =
		km_name_check(provider->name ? provider->name : "", KM_NAME_MAX, "name", "the legal name", problem);
	if (!error && provider->trade_names_len > KM_TRADE_NAMES_MAX)
		error = km_fail(problem, KM_INVALID, "trade-names", "a provider has at most %d trade names here",
		                KM_TRADE_NAMES_MAX);
	for (size_t i = 0; !error && i < provider->trade_names_len; i++) {
		char what[32];
		snprintf(what, sizeof what, "trade name %zu", i + 1);
		error = km_name_check(provider->trade_names[i], KM_NAME_MAX, "trade-names", what, problem);
	}
	return error;
}

static enum km_error check_place(const struct km_provider *provider, struct km_provider_form *form,
                                 struct km_problem *problem)
{
	const char *country = provider->country ? provider->country : "NL";
	if (!km_country_valid(country))
		return km_fail(problem, KM_INVALID, "country", "a country is two capitals of ISO 3166, like NL or BE");
	memcpy(form->country, country, sizeof form->country);
	enum km_error error = provider->city ? km_name_check(provider->city, CITY_MAX, "city", "the city", problem) : KM_OK;
	return error || !provider->region ? error : km_region_read(provider->region, country, form->region, problem);
}

static enum km_error check_domains(const struct km_provider *provider, struct km_provider_form *form,
                                   struct km_problem *problem)
{
	if (provider->domains_len > KM_DOMAINS_MAX)
		return km_fail(problem, KM_INVALID, "domain", "a provider has at most %d domains here", KM_DOMAINS_MAX);
	for (size_t i = 0; i < provider->domains_len; i++) {
		enum km_error error = km_domain_normalise(provider->domains[i].name, form->domains[i], problem);
		if (error)
			return error;
		for (size_t other = 0; other < i; other++)
			if (strcmp(form->domains[i], form->domains[other]) == 0)
				return km_fail(problem, KM_INVALID, "domain", "the domain %s is given twice", form->domains[i]);
	}
	return KM_OK;
}

static bool phone_may_work(const char *phone)
{
	size_t len = strlen(phone);
	return len >= PHONE_MIN && len <= PHONE_MAX && strspn(phone, "0123456789 +-()./") == len &&
	       strpbrk(phone, "0123456789");
}

enum km_error km_provider_contact_check(const struct km_provider_contact *contact, struct km_problem *problem)
{
	enum km_error error = KM_OK;
	char email[KM_EMAIL_TEXT];
	if (contact->name)
		error = km_name_check(contact->name, KM_NAME_MAX, "contact-name", "the name of the contact", problem);
	if (!error && contact->email) {
		error = km_name_check(contact->email, KM_EMAIL_TEXT - 1, "contact-email", "the e-mail address", problem);
		struct km_problem own = {0};
		if (!error && km_email_normalise(contact->email, email, &own) != KM_OK)
			error = km_fail(problem, KM_INVALID, "contact-email", "%s", own.message);
	}
	if (!error && contact->phone && !phone_may_work(contact->phone))
		error = km_fail(problem, KM_INVALID, "contact-phone",
		                "a telephone number has digits, spaces and + - ( ) . / only: +31 20 123 45 67");
	if (!error && contact->language && strcmp(contact->language, "nl") != 0 && strcmp(contact->language, "en") != 0)
		error = km_fail(problem, KM_INVALID, "contact-language", "the language of the contact is nl or en");
	return error;
}

enum km_error km_provider_check(const struct km_provider *provider, const struct km_provider_contact *contact,
                                struct km_provider_form *ret_form, struct km_problem *problem)
{
	struct km_provider_form form = {0};
	enum km_error error = check_numbers(provider, problem);
	if (!error)
		error = check_euid(provider, &form, problem);
	if (!error)
		error = check_names(provider, problem);
	if (!error)
		error = check_place(provider, &form, problem);
	if (!error)
		error = check_domains(provider, &form, problem);
	if (!error && contact)
		error = km_provider_contact_check(contact, problem);
	if (!error)
		*ret_form = form;
	return error;
}
