#!/bin/sh
# Passphrases: typed at a terminal, which does not show them; from a file; from the service manager.
set -eu
. "${srcdir-.}/tests/claims.sh"
program=${KEURMERK-./keurmerk}
export LC_ALL=C
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export HOME="$folder"
url=http://127.0.0.1:8080

# typing KEYS COMMAND…: runs it at a terminal of its own, where somebody types this; what is shown is in $folder/shown.
typing() {
  keys=$1
  shift
  # Line by line, as from a person: what is typed before it is asked for is thrown away.
  printf "$keys" | while IFS= read -r line || [ -n "$line" ]; do
    sleep 1
    printf '%s\n' "$line"
  done | script -qec "$*" /dev/null >"$folder/shown" 2>&1
}
shown() {
  grep -q "$1" "$folder/shown"
}
not_shown() {
  ! grep -q "$1" "$folder/shown"
}
encrypted() {
  for file in "$1"/keys/*.pem; do
    grep -q "BEGIN ENCRYPTED PRIVATE KEY" "$file" || return 1
  done
}
refuses() {
  ! "$@" >"$folder/out" 2>"$folder/err"
}

if script -qec true /dev/null </dev/null >/dev/null 2>&1; then
  claim "init asks for a passphrase, twice" typing 'geheim\ngeheim\n' "$program" init --home "$folder/a" --url $url
  claim "and encrypts the keys with it" encrypted "$folder/a"
  claim "and does not show it" not_shown geheim
  claim "two that differ make nothing" refuses typing 'geheim\nandres\n' "$program" init --home "$folder/b" --url $url
  claim "and that is said" shown 'the two passphrases differ'
  claim "so that there is nothing" test ! -e "$folder/b"
  claim "Ctrl-C calls it off" refuses typing 'gehe\003' "$program" init --home "$folder/b" --url $url
  claim "so that there is nothing then either" test ! -e "$folder/b"
  claim "none is an answer too" typing '\n' "$program" init --home "$folder/c" --url $url
  claim "and it is said that the keys are not encrypted" shown 'not encrypted: anyone'
  claim "a command that needs it asks for it" \
    typing 'geheim\n' "$program" key rotate --purpose log --at now --home "$folder/a"
  claim "and the new key is encrypted with it too" encrypted "$folder/a"
  claim "a mistyped one is refused" refuses typing 'gehiem\n' "$program" key rotate --purpose receipt --home "$folder/a"
  claim "and that is said" shown 'does not open this key'
else
  printf 'geheim\n' >"$folder/phrase"
  chmod 600 "$folder/phrase"
  "$program" init --home "$folder/a" --url $url --passphrase-file "$folder/phrase" >/dev/null
  "$program" init --home "$folder/c" --url $url >/dev/null
  skip_claim "passphrases are typed at a terminal" "there is no script(1)"
fi

claim "nobody is asked where there is no terminal" \
  refuses "$program" key rotate --purpose receipt --home "$folder/a"
claim "and what is missing is said" grep -q 'name the file with its passphrase' "$folder/err"
mkdir "$folder/credentials"
printf 'geheim\n' >"$folder/credentials/keurmerk-passphrase"
chmod 400 "$folder/credentials/keurmerk-passphrase"
claim "a credential of the service manager is found by its name" \
  env CREDENTIALS_DIRECTORY="$folder/credentials" "$program" key rotate --purpose receipt --home "$folder/a"
printf 'anders\n' >"$folder/other"
chmod 600 "$folder/other"
claim "a file that is named goes before it" refuses env CREDENTIALS_DIRECTORY="$folder/credentials" \
  "$program" key rotate --purpose status --home "$folder/a" --passphrase-file "$folder/other"
chmod 644 "$folder/credentials/keurmerk-passphrase"
claim "one that all can read is refused" refuses env CREDENTIALS_DIRECTORY="$folder/credentials" \
  "$program" key rotate --purpose status --home "$folder/a"
claim "with the command that helps" grep -q 'chmod 600' "$folder/err"
if [ "$(id -u)" = 0 ]; then
  # As systemd makes it for a user who is not root: root's, with an access list, which shows as the group's right to read.
  chmod 440 "$folder/credentials/keurmerk-passphrase"
  claim "but root's group may read what root may read" env CREDENTIALS_DIRECTORY="$folder/credentials" \
    "$program" key rotate --purpose status --home "$folder/a"
  chown 0:65534 "$folder/credentials/keurmerk-passphrase"
  claim "and no other group" refuses env CREDENTIALS_DIRECTORY="$folder/credentials" \
    "$program" key rotate --purpose credential --home "$folder/a"
else
  skip_claim "but root's group may read what root may read" "not run by root"
fi
printf 'geheim\n' >"$folder/phrase"
chmod 600 "$folder/phrase"
claim "keys that are not encrypted get no companions that are" \
  refuses "$program" key rotate --purpose status --home "$folder/c" --passphrase-file "$folder/phrase"
claim "and it is said why" grep -q 'leave the passphrase out' "$folder/err"
claims_end
