#include "registry/acting.h"

#include "registry/sql.h"

enum km_error km_acting_may_certify(struct km_store *store, const struct km_acting *acting, const char *scheme_id,
                                    struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error =
		km_sql(store, "SELECT 1 FROM body_scheme WHERE body_id = :body AND scheme_id = :scheme", &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":body", acting->body_id);
	km_sql_text(statement, ":scheme", scheme_id);
	bool may = false;
	error = km_sql_step(statement, &may, problem);
	if (!error && !may)
		return km_fail(problem, KM_FORBIDDEN, "scheme-not-allowed", "this body may not certify for scheme %s",
		               scheme_id);
	return error;
}
