#!/bin/sh
# No statement that a server or an import runs reads a whole table: every SQL text that stands in registry/ is taken out of
# the sources, as the compiler sees them, and SQLite is asked how it would run it. Those that do are in tests/plans.txt,
# each with the reason why it may.
set -eu
. "${srcdir-.}/tests/claims.sh"
sources=$(cd "${srcdir-.}" && pwd)
program=${KEURMERK-./keurmerk}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
: "${CC:=cc}"

# One statement on a line: string literals of a file itself, joined where they stand side by side.
statements_of() {
  (cd "$sources" && "$CC" -E -D_GNU_SOURCE -I. $(pkg-config --cflags jansson sqlite3) "$1") | awk -v file="$1" '
    /^# [0-9]+ "/ { ours = index($3, file) > 0; next }
    ours {
      rest = $0
      while (rest != "") {
        if (match(rest, /^[ \t]+/)) { }
        else if (match(rest, /^"([^"\\]|\\.)*"/)) { text = text substr(rest, 2, RLENGTH - 2) }
        else {
          if (text != "") { tell(text); text = "" }
          if (!match(rest, /^\047([^\047\\]|\\.)*\047/)) match(rest, /^./)
        }
        rest = substr(rest, RLENGTH + 1)
      }
    }
    END { if (text != "") tell(text) }
    function tell(sql) {
      gsub(/\\n/, " ", sql); gsub(/\\"/, "\"", sql)
      if (sql ~ /^(SELECT|INSERT|UPDATE|DELETE|WITH|REPLACE) /) print sql
    }'
}

# Of a statement on a line: each line of its plan that reads a whole table, without what the statement builds itself.
reads_all() {
  printf '.parameter init\nEXPLAIN QUERY PLAN %s;\n' "$1" | sqlite3 -bail -readonly "$folder/home/register.db" 2>&1 | awk '
    /[Ee]rror/ { print; next }
    { sub(/^[ |`-]*/, "") }
    /^(MATERIALIZE|CO-ROUTINE) / { built[$2] = 1; next }
    /^SCAN / && !/VIRTUAL TABLE/ && !/CONSTANT ROW/ && !/^SCAN \(/ && !($2 in built) { print }'
}

# What reads all is excepted by its beginning: "FILE: BEGINNING OF THE STATEMENT"; lines of reasons begin with "#".
excepted() {
  while IFS= read -r line; do
    case $line in
    "#"* | "") continue ;;
    esac
    case "$1: $2" in
    "$line"*)
      echo "$line" >>"$folder/used"
      return 0
      ;;
    esac
  done <"$sources/tests/plans.txt"
  return 1
}

# What makes everything anew, compares it and copies it reads everything by its nature.
: >"$folder/used"
check() {
  count=0 good=yes
  for path in "$sources"/registry/*.c; do
    file=registry/$(basename "$path")
    case $file in registry/fsck* | *_postgres.c) continue ;; esac
    statements_of "$file" >"$folder/statements"
    while IFS= read -r sql; do
      case $sql in *"search_query("*) continue ;; esac # in PostgreSQL's words
      count=$((count + 1))
      scans=$(reads_all "$sql")
      [ -z "$scans" ] || excepted "$file" "$sql" || {
        good=no
        printf '%s: %s\n  %s\n' "$file" "$sql" "$scans"
      }
    done <"$folder/statements"
  done
  echo "$count statements"
  [ "$good" = yes ] && [ "$count" -gt 150 ]
}

finds_what_scans() {
  [ "$(reads_all "SELECT * FROM mark WHERE granted_at = :at")" = "SCAN mark" ] &&
    [ -z "$(reads_all "SELECT * FROM mark WHERE number = :number")" ] &&
    reads_all "SELECT no_such_column FROM mark" | grep -q error
}

every_exception_is_needed() {
  grep -v -e '^#' -e '^$' "$sources/tests/plans.txt" | sort >"$folder/all"
  sort -u "$folder/used" | diff "$folder/all" -
}

if ! command -v sqlite3 >/dev/null || ! command -v pkg-config >/dev/null || ! command -v "$CC" >/dev/null; then
  skip_claim "no statement of a server or an import reads a whole table" "there is no sqlite3, pkg-config or compiler"
else
  "$program" init --home "$folder/home" --url https://keurmerk.example >/dev/null 2>&1
  claim "a statement that reads a whole table is noticed, and one that does not is not" finds_what_scans
  claim "no statement of a server or an import reads a whole table, but for those with a reason" check
  claim "every exception from that is needed" every_exception_is_needed
fi
claims_end
