#include "registry/fsck_issued.h"

#include "registry/sql.h"

enum km_error km_fsck_issued(struct km_store *store, int64_t now,
                             enum km_error (*each)(void *context, const struct km_issued_row *row), void *context,
                             struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(
		store,
		"SELECT mark.id, mark.number, c.token, c.document, c.qr_token, c.kid, c.issued_at,"
		" (SELECT max(recorded_at) FROM event WHERE mark_id = mark.id AND decision_id IS NOT NULL),"
		" EXISTS (SELECT 1 FROM lapse_due WHERE mark_id = mark.id AND at <= :now),"
		" EXISTS (SELECT 1 FROM mark AS sibling JOIN event ON event.mark_id = sibling.id"
		"  WHERE sibling.provider_id = mark.provider_id AND action = 'rename' AND recorded_at > c.issued_at),"
		" EXISTS (SELECT 1 FROM event WHERE mark_id = mark.id AND action = 'correct' AND recorded_at > c.issued_at),"
		" p.erased_at IS NOT NULL FROM mark JOIN provider AS p ON p.id = mark.provider_id"
		" LEFT JOIN credential AS c ON c.mark_id = mark.id ORDER BY mark.id",
		&statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":now", now);
	bool row = false;
	while (!error && !(error = km_sql_step(statement, &row, problem)) && row) {
		const struct km_issued_row issued = {
			.mark_id = km_sql_get_int(statement, 0),
			.number = km_sql_get_text(statement, 1),
			.issued = {.token = km_sql_get_text(statement, 2),
		               .document = km_sql_get_text(statement, 3),
		               .qr_token = km_sql_get_text(statement, 4),
		               .kid = km_sql_get_text(statement, 5)},
			.issued_at = km_sql_get_int(statement, 6),
			.decided_at = km_sql_get_int(statement, 7),
			.due = km_sql_get_int(statement, 8),
			.renamed = km_sql_get_int(statement, 9),
			.corrected = km_sql_get_int(statement, 10),
			.erased = km_sql_get_int(statement, 11),
		};
		error = each(context, &issued);
	}
	return error;
}
