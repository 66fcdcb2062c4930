#!/bin/sh
# Starting up with something broken: the rows of the table in doc/security.md that name this file, each of them tried.
set -eu
. "${srcdir-.}/tests/claims.sh"
document=${srcdir-.}/doc/security.md
program=${KEURMERK-./keurmerk}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
TMPDIR=$folder
export TMPDIR
home=$folder/home
register=$home/register.db
(umask 077 && echo "a passphrase" >"$folder/passphrase" && echo "another" >"$folder/other")

# What is damaged, and what it must say.
break_a_private_key_is_missing() {
  rm "$home"/keys/status-*.pem
  expected='keys/status-.*\.pem: there is no such file'
}
break_others_can_look_into_the_folder_of_keys() {
  chmod 755 "$home/keys"
  expected='chmod 700'
}
break_the_passphrase_is_missing() {
  make --passphrase-file "$folder/passphrase"
  expected='this key is encrypted: name the file with its passphrase'
}
break_the_passphrase_is_wrong() {
  make --passphrase-file "$folder/passphrase"
  given="--passphrase-file $folder/other"
  expected='passphrase.* wrong\|wrong passphrase\|passphrase does not'
}
break_the_key_set_is_damaged() {
  echo '{' >"$home/keys/published/keys.json"
  expected='keys.json: .*line 2'
}
break_the_register_is_missing() {
  rm "$register"
  expected='register.db: there is no register here'
}
break_the_register_is_another_kind_of_file() {
  echo "Dear reader," >"$register"
  expected='is not a register'
}
break_the_register_is_damaged() {
  dd if=/dev/zero of="$register" bs=4096 seek=1 count=2 conv=notrunc 2>/dev/null
  expected='damaged .*put back a backup'
}
break_the_register_is_cut_short() {
  dd if=/dev/null of="$register" bs=4096 seek=3 2>/dev/null
  expected='damaged .*put back a backup'
}
break_the_register_is_of_a_newer_version() {
  printf '\000\000\000\143' | dd of="$register" bs=1 seek=60 conv=notrunc 2>/dev/null
  expected='newer keurmerk.*upgrade this program'
}
break_the_register_cannot_be_written() {
  chmod 400 "$register"
  # The mode does not keep root from writing.
  if [ "$(id -u)" = 0 ]; then
    chmod 755 "$folder"
    chown -R 65534:65534 "$home"
    as="setpriv --reuid 65534 --regid 65534 --clear-groups --"
    $as test -x "$program" || skipped="nobody cannot run $program"
  fi
  expected=' fault .*the register cannot be written'
  check=starts_to_read
}
break_the_port_is_taken() {
  listen=127.0.0.1:$taken
  expected="127.0.0.1 port $taken: Address already in use"
}

make() {
  rm -rf "$home"
  "$program" init --home "$home" --url https://keurmerk.example "$@" >/dev/null
}

# It ends by itself with status 1 and one line that says what is to be done; nothing is made, and nothing answered.
refuses_to_start() {
  before=$(ls "$home")
  status=0
  timeout 30 $as "$program" serve --home "$home" --listen "$listen" $given >"$folder/out" 2>"$folder/err" || status=$?
  cat "$folder/out" "$folder/err"
  [ "$status" = 1 ] || {
    echo "exit $status"
    return 1
  }
  [ ! -s "$folder/out" ] && [ "$(wc -l <"$folder/err")" = 1 ] && [ "$(ls "$home")" = "$before" ] &&
    grep -q -e "$expected" "$folder/err"
}

# It answers and says what is the matter, until it is told to stop.
starts_to_read() {
  : >"$folder/out" 2>"$folder/err"
  timeout 60 $as "$program" serve --home "$home" --listen "$listen" $given >"$folder/out" 2>"$folder/err" &
  reader=$!
  waited=0
  until grep -q -e "$expected" "$folder/err" || [ "$waited" = 300 ]; do
    waited=$((waited + 1))
    sleep 0.1
  done
  address=$(sed -n 's/.* is served at \(http:.*\)\.$/\1/p' "$folder/out")
  answer=$(curl -s -o "$folder/page" -w '%{http_code}' "$address/readyz") || true
  kill "$reader"
  wait "$reader" || true
  cat "$folder/out" "$folder/err"
  [ "$answer" = 200 ] && grep -q -e "$expected" "$folder/err"
}

# One that has nothing wrong starts; and holds its port.
make
: >"$folder/served"
"$program" serve --home "$home" --listen 127.0.0.1:0 >"$folder/served" 2>&1 &
server=$!
trap 'kill "$server" 2>/dev/null || true; rm -rf "$folder"' EXIT
waited=0
until grep -q 'is served at' "$folder/served" || [ "$waited" = 300 ]; do
  waited=$((waited + 1))
  sleep 0.1
done
claim "with nothing broken it starts" grep -q 'is served at' "$folder/served"
taken=$(sed -n 's/.*127\.0\.0\.1:\([0-9]*\)\.$/\1/p' "$folder/served")
mv "$home" "$folder/running"

sed -n 's/^| \([^|]*[^ |]\) *| \([^|]*[^ |]\) *| tests\/startup\.sh |$/\1|\2/p' "$document" >"$folder/rows"
claim "doc/security.md has rows for this test" test -s "$folder/rows"
while IFS='|' read -r fault happens; do
  make
  as='' given='' expected='' skipped='' listen=127.0.0.1:0 check=refuses_to_start
  "break_$(printf %s "$fault" | tr ' ' '_')" || {
    claim "$fault: there is a test of it" false
    continue
  }
  if [ -n "$skipped" ]; then
    skip_claim "$fault: $happens" "$skipped"
  else
    claim "$fault: $happens" $check
  fi
done <"$folder/rows"

# The other rows name tests that are there.
sed -n 's/^|.*| \(tests\/[^ ]*\) |$/\1/p' "$document" | sort -u >"$folder/named"
all_there() {
  while IFS= read -r test; do
    [ -f "${srcdir-.}/$test" ] || {
      echo "$test is not there"
      return 1
    }
  done <"$folder/named"
}
claim "every test that doc/security.md names is there" all_there
claims_end
