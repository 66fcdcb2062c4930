/*
 * The page that a provider sees by the link that its certification body handed out: its marks and their pictures, what
 * is due and by when, its domains, and whom to turn to. Of findings it says which criterion and by when, and not what
 * an auditor wrote.
 */
#ifndef KM_WWW_PROVIDER_PAGE_H
#define KM_WWW_PROVIDER_PAGE_H

#include "registry/provider_link.h"
#include "www/request.h"

#include <jansson.h>

/* What the template asks for; the caller's (json_decref). */
enum km_error km_provider_page(const struct km_request *request, const struct km_provider_link *link, json_t **ret_data,
                               struct km_problem *problem);

#endif
