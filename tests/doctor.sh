#!/bin/sh
# keurmerk doctor: each thing that may be wrong with a deployment, made wrong.
set -eu
. "${srcdir-.}/tests/claims.sh"
program=${KEURMERK-./keurmerk}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
HOME=$folder
export HOME
unset KEURMERK_HOME XDG_CONFIG_HOME || true
now=1795539757
echo $now >"$folder/clock"

# finds STATUS LINE ARG…: ends so, and has a line that begins so, however many spaces there are in it.
finds() {
  status=0 expected=$1 line=$2
  shift 2
  "$program" doctor --home "$folder/home" --clock "$folder/clock" "$@" >"$folder/out" 2>&1 || status=$?
  cat "$folder/out"
  [ "$status" = "$expected" ] || {
    echo "exit $status"
    return 1
  }
  tr -s ' ' <"$folder/out" | grep -q -e "^$line"
}

anew() {
  rm -rf "$folder/home"
  "$program" init --home "$folder/home" --url "${1-https://keurmerk.example}" --clock "$folder/clock" >/dev/null
}

at() {
  echo $((now + $1 * 86400)) >"$folder/clock"
}

anew
claim "a new registry is well" finds 0 "good folder" --offline
claim "each of its findings is good" sh -c "! grep -v '^good ' '$folder/out'"
claim "its keys sign" finds 0 "good keys the key for credential signs" --offline
claim "its log is whole" finds 0 "good log it is whole: 1* *[0-9]* entries" --offline

chmod 750 "$folder/home"
claim "a folder that others can look into is bad" finds 1 "BAD folder .*chmod go=" --offline
chmod 700 "$folder/home"
chmod 644 "$folder/home/register.db"
claim "a register that others can read is bad" finds 1 "BAD folder .*register.db.*chmod go=" --offline
chmod 600 "$folder/home/register.db"
chmod 755 "$folder/home/keys"
claim "a folder of keys that others can look into is bad" finds 1 "BAD keys " --offline
chmod 700 "$folder/home/keys"
claim "after the repair all is well" finds 0 "good keys" --offline

at 500
claim "keys that are older than a year are bad" finds 1 "BAD keys the key for credential has signed for 500 days" --offline
at 0

key=$(find "$folder/home/keys" -name '*.pem' | head -n 1)
mv "$key" "$folder/key.pem"
claim "a private key that is gone is bad" finds 1 "BAD keys " --offline
mv "$folder/key.pem" "$key"

cp -p "$folder/home/register.db" "$folder/copy.db"
touch -d "@$((now - 3600))" "$folder/copy.db"
claim "a copy of today is good" finds 0 "good backup it is whole" --offline --backup "$folder/copy.db"
touch -d "@$((now - 3 * 86400))" "$folder/copy.db"
claim "a copy of three days ago is bad" finds 1 "BAD backup .*72 hours" --offline --backup "$folder/copy.db"
claim "a copy that is not there is bad" finds 1 "BAD backup .*No such file" --offline --backup "$folder/none.db"
echo "this is no register" >"$folder/other.db"
chmod 600 "$folder/other.db"
touch -d "@$now" "$folder/other.db"
claim "a copy that is no register is bad" finds 1 "BAD backup " --offline --backup "$folder/other.db"

dd if=/dev/zero of="$folder/home/register.db" bs=1 seek=18 count=40 conv=notrunc 2>/dev/null
claim "a damaged register is bad" finds 1 "BAD register " --offline
rm "$folder/home/register.db"
claim "a register that is gone is bad" finds 1 "BAD register " --offline

# Of a port on this machine where nobody answers.
anew http://127.0.0.1:9
claim "an address that does not answer cannot be told" finds 3 "cannot tell address "
claim "and is not asked for offline" finds 0 "good register" --offline
claims_end
