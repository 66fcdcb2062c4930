#!/bin/sh
# fsck and backup as an operator meets them.
set -eu
. "${srcdir-.}/tests/claims.sh"
program=${KEURMERK-./keurmerk}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
HOME=$folder
export HOME LC_ALL=C
unset KEURMERK_HOME || true
home=$folder/home
schemes=$(cd "${srcdir-.}/registry/schemes" && pwd)

# exits STATUS ARG…
exits() {
  expected=$1
  shift
  status=0
  "$program" "$@" >"$folder/out" 2>"$folder/err" </dev/null || status=$?
  cat "$folder/out" "$folder/err"
  [ "$status" = "$expected" ] || {
    echo "exit $status"
    return 1
  }
}

says() {
  text=$1
  shift
  exits "$@" && cat "$folder/out" "$folder/err" | grep -qF -e "$text"
}

is_private() {
  [ "$(stat -c %a "$1")" = 600 ]
}

# Puts a copy into a home of its own, with the keys.
restore() {
  rm -rf "$folder/other" && mkdir -m 700 "$folder/other" && cp "$1" "$folder/other/register.db" &&
    cp -a "$home/keys" "$folder/other/keys"
}

# Changes one letter of a name, in the file itself.
change_a_letter() {
  sed -i 's/Instelling Een/Instelling Eem/' "$1" && grep -q 'Instelling Eem' "$1"
}

"$program" init --home "$home" --url https://keurmerk.example >/dev/null
claim "a new register is clean" says "nothing differs" 0 fsck --home "$home"
"$program" scheme add --home "$home" "$schemes/mkb-ict.json" >/dev/null
"$program" body add een --home "$home" --name "Instelling Een (voorbeeld)" --accreditation "C 001" --scheme mkb-ict >/dev/null
"$program" provider add 68750110 "Test BV Donald" --home "$home" >/dev/null
claim "a register with rows of reference is clean" says "nothing differs" 0 fsck --home "$home"
claim "it says so in JSON" says '"clean": true' 0 fsck --json --home "$home"
claim "where nothing can be made anew, nothing is known" says "no folder can be made" 3 fsck --home "$home" --scratch "$folder/none"
claim "nothing is left behind in the scratch folder" sh -c "mkdir '$folder/scratch' && '$program' fsck --home '$home' \
  --scratch '$folder/scratch' && rmdir '$folder/scratch'"
claim "without a register nothing is known" exits 3 fsck --home "$folder/nowhere"

claim "a copy is made" says "Copied" 0 backup --home "$home" "$folder/copy.db"
claim "it is private" is_private "$folder/copy.db"
claim "it is made again over the older one" says "Copied" 0 backup --home "$home" "$folder/copy.db"
claim "nothing is left beside it" sh -c "[ \"\$(ls '$folder' | grep -c copy.db)\" = 1 ]"
claim "where no copy can be written, that is said" says "$folder/none/copy.db" 1 backup --home "$home" "$folder/none/copy.db"
claim "a copy is put back" restore "$folder/copy.db"
claim "and is clean" says "nothing differs" 0 fsck --home "$folder/other"

claim "somebody changes a letter in the file" change_a_letter "$folder/other/register.db"
claim "the row is named" says "body 1: is not what was noted of it" 1 fsck --home "$folder/other"
claim "in JSON, too" says '"table": "body"' 1 fsck --json --home "$folder/other"
claims_end
