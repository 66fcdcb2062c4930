#!/bin/sh
# Our log, read by the packages of the Go checksum database (Debian: golang-go, golang-golang-x-mod-dev).
set -u
here=$(dirname "$0")
. "$here/claims.sh"
sources=${GO_SOURCES:-/usr/share/gocode}
if ! command -v go >/dev/null 2>&1 || [ ! -d "$sources/src/golang.org/x/mod/sumdb/tlog" ]; then
  echo "1..0 # SKIP golang-go and golang-golang-x-mod-dev are not there"
  exit 0
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT INT TERM
mkdir "$folder/log"
log=$folder/log

build() {
  GO111MODULE=off GOPATH=$sources GOFLAGS='' GOTOOLCHAIN=local GOCACHE=$folder/cache CGO_ENABLED=0 \
    go build -o "$folder/oracle" "$here/tlog_oracle/main.go"
}
oracle() { "$folder/oracle" "$log"; }

# Changes one byte of a file, which the oracle must notice, and puts it back.
notices() {
  cp "$log/$1" "$folder/kept"
  size=$(wc -c <"$log/$1")
  at=$(($2 < 0 ? size + $2 : $2))
  byte=$(dd if="$folder/kept" bs=1 skip="$at" count=1 2>/dev/null | od -An -tu1 | tr -d ' ')
  printf "\\$(printf %o $((byte ^ 1)))" | dd of="$log/$1" bs=1 seek="$at" conv=notrunc 2>/dev/null
  if oracle; then noticed=1; else noticed=0; fi
  cp "$folder/kept" "$log/$1"
  return $noticed
}

claim "the oracle is built" build
claim "a log of 70,000 entries is written" "$(dirname "$KEURMERK")/tests/write_log" "$log"
claim "tiles, bundles, checkpoints and proofs of ten sizes hold for an implementation that is not ours" oracle
claim "it notices a change in a full tile" notices tile/0/017 4000
claim "it notices a change in a partial tile" notices tile/0/273.p/112 -1
claim "it notices a change in a tile of level 1" notices tile/1/000 8000
claim "it notices a change in an entry" notices tile/entries/100 77
claim "it notices a change in the last partial bundle" notices tile/entries/273.p/112 -1
claim "it notices a change in a checkpoint" notices checkpoints/70000 30
claim "it notices a change in a signature" notices checkpoints/257 -9
claim "it notices a change in an inclusion proof" notices inclusion/23333-70000.tlog-proof 120
claim "it notices a change in a consistency proof" notices consistency/257-5000 10
claims_end
