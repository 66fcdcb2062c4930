# The schema for PostgreSQL, made of registry/schema.sql, so that there is one schema. What is written there keeps to
# what this reads: tables, indexes, and triggers that refuse or that run a few statements of SQL.
#
# What differs: types; a column "INTEGER PRIMARY KEY" numbers its rows by itself; references are made at the end, since
# they may point ahead; a trigger is a function and a trigger. The full-text index is in registry/postgres.sql.

function fail(what) {
	print "schema_postgres.awk: " what > "/dev/stderr"
	failed = 1
	exit 1
}

function trim(text) {
	sub(/^[ \t\n]+/, "", text)
	sub(/[ \t\n]+$/, "", text)
	return text
}

function typed(text) {
	gsub(/ INTEGER/, " BIGINT", text)
	gsub(/ BLOB/, " BYTEA", text)
	gsub(/ TEXT/, " TEXT COLLATE \"C\"", text)
	return text
}

# Numbers a row as SQLite does: one more than the highest there is. Writers come one after another.
function number(table, column) {
	after = after "CREATE FUNCTION number_" table "() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN\n" \
		"new." column " := (SELECT coalesce(max(" column "), 0) + 1 FROM " table ");\n" \
		"PERFORM set_config('keurmerk.last_id', new." column "::text, false);\nRETURN new;\nEND $$;\n" \
		"CREATE TRIGGER a_number BEFORE INSERT ON " table " FOR EACH ROW WHEN (new." column " IS NULL)\n" \
		"EXECUTE FUNCTION number_" table "();\n"
}

# So that a transaction may put them off, as PRAGMA defer_foreign_keys does.
function deferrable(reference) {
	return reference (reference ~ /DEFERRABLE/ ? "" : " DEFERRABLE")
}

function refer(table, column, reference) {
	after = after "ALTER TABLE " table " ADD FOREIGN KEY (" column ") " deferrable(reference) ";\n"
}

function emit_item(table, item, words, reference) {
	item = trim(item)
	if (item ~ /^FOREIGN KEY/) {
		after = after "ALTER TABLE " table " ADD " deferrable(item) ";\n"
		return ""
	}
	if (item ~ /^(PRIMARY KEY|UNIQUE|CHECK) ?\(/)
		return item
	split(item, words, /[ \t]+/)
	if (item ~ / INTEGER +PRIMARY KEY/)
		number(table, words[1])
	if (match(item, /REFERENCES [a-z_]+\([a-z_]+\)( DEFERRABLE INITIALLY DEFERRED)?/)) {
		reference = substr(item, RSTART, RLENGTH)
		item = substr(item, 1, RSTART - 1) substr(item, RSTART + RLENGTH)
		refer(table, words[1], reference)
	}
	return typed(item)
}

function emit_table(text, table, body, i, c, depth, item, out) {
	match(text, /^CREATE TABLE [a-z_]+/)
	table = substr(text, 14, RLENGTH - 13)
	body = substr(text, index(text, "(") + 1)
	if (!sub(/\) STRICT(, WITHOUT ROWID)?;$/, "", body))
		fail("table " table " is not STRICT")
	body = body ","
	for (i = 1; i <= length(body); i++) {
		c = substr(body, i, 1)
		if (c == "," && depth == 0) {
			item = emit_item(table, item)
			if (item != "")
				out = out (out != "" ? ",\n    " : "    ") item
			item = ""
			continue
		}
		depth += (c == "(") - (c == ")")
		item = item c
	}
	print "CREATE TABLE " table " (\n" out "\n);"
}

# CREATE TRIGGER name (BEFORE|AFTER) event ON table [WHEN condition] BEGIN body END;
function emit_trigger(text, name, head, body, condition, table, at) {
	text = substr(text, 16)
	name = substr(text, 1, index(text, " ") - 1)
	at = index(text, " BEGIN ")
	head = trim(substr(text, length(name) + 1, at - length(name)))
	body = substr(text, at + 7)
	if (!at || !sub(/END;$/, "", body))
		fail("trigger " name " is of no form that is known here")
	if (at = index(head, " WHEN ")) {
		condition = substr(head, at + 6)
		head = substr(head, 1, at - 1)
	}
	if (body ~ /raise\(ABORT, '[^']*'\)/ && gsub(/SELECT raise\(ABORT, /, "RAISE EXCEPTION USING ERRCODE = '23514', MESSAGE = ", body))
		gsub(/\)[ ]*;/, ";", body)
	print "CREATE FUNCTION " name "() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
	if (condition != "")
		print "IF " condition " THEN"
	print trim(body)
	if (condition != "")
		print "END IF;"
	print "RETURN " (head ~ /DELETE/ ? "old" : "new") ";\nEND $$;"
	print "CREATE TRIGGER " name " " head " FOR EACH ROW EXECUTE FUNCTION " name "();"
}

function emit(text) {
	if (text ~ /^CREATE TABLE /)
		emit_table(text)
	else if (text ~ /^CREATE (UNIQUE )?INDEX /)
		print text
	else if (text ~ /^CREATE TRIGGER /)
		emit_trigger(text)
	else if (text !~ /^CREATE VIRTUAL TABLE provider_search /)
		fail("this is of no form that is known here: " text)
}

{
	sub(/--.*/, "")
	text = trim(text " " trim($0))
}
text ~ /;$/ && (text !~ /^CREATE TRIGGER / || text ~ /END;$/) {
	emit(text)
	text = ""
}
END {
	if (failed)
		exit 1
	if (text != "")
		fail("this does not end: " text)
	printf "%s", after
}
