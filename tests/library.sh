#!/bin/sh
# libkeurmerk-verify as another program gets it: installed, found by pkg-config, with its example, on what a registry
# hands out.
set -eu
. "${srcdir-.}/tests/claims.sh"
sources=$(cd "${srcdir-.}" && pwd)
program=${KEURMERK-./keurmerk}
build=$(cd "$(dirname "$program")" && pwd)
folder=$(mktemp -d)
demo=
trap '[ -z "$demo" ] || kill "$demo" 2>/dev/null || true; rm -rf "$folder"' EXIT
export LC_ALL=C HOME="$folder" TMPDIR="$folder"
unset KEURMERK_HOME XDG_CONFIG_HOME || true
root=$folder/root
: "${CC:=cc}"

install_it() {
  "${MAKE:-make}" -s -C "$build" install-libLIBRARIES install-includeHEADERS install-pkgconfigDATA install-exec-local \
    DESTDIR="$root"
}
claim "it installs" install_it
library=$(find "$root" -name libkeurmerk-verify.so.0)
libraries=$(dirname "$library")
export PKG_CONFIG_PATH="$libraries/pkgconfig" PKG_CONFIG_SYSROOT_DIR="$root"
export LD_LIBRARY_PATH="$libraries"

symbols=$(nm -D --defined-only "$library" | awk '{ print $3 }')
header=$sources/badge/keurmerk-verify.h
shows_what_the_header_names() {
  expected=$(sed -n 's/^KM_VERIFY_EXPORT .*\(km_verify_[a-z_]*\)(.*/\1/p' "$header" | sort)
  [ -n "$expected" ] && [ "$(printf '%s\n' "$symbols" | sort)" = "$expected" ]
}
claim "it shows the functions of its header and no others" shows_what_the_header_names
needed=$(readelf -dW "$library" | sed -n 's/.*(NEEDED).*\[\(.*\)\].*/\1/p')
claim "it needs no database, no server, no pictures drawn" \
  test "$(printf '%s\n' $needed | sed 's/\.so.*//' | sort | tr '\n' ' ')" = "libc libcrypto libexpat libidn2 libjansson libz "
uses=$(nm -D --undefined-only "$library" | awk '{ sub("@.*", "", $2); print $2 }')
uses_not() {
  ! printf '%s\n' "$uses" | grep -xE "$1"
}
claim "it does not go to the network" uses_not '(socket|connect|getaddrinfo|send|sendto|recv)'
claim "it opens no file and reads no environment" uses_not '(open|open64|openat|fopen|fopen64|read|secure_getenv|getenv)'
claim "it asks for no time and prints nothing" uses_not '(time|clock_gettime|gettimeofday|printf|puts|fwrite|__printf_chk|exit|abort)'
# What could be written to: objects in .data and .bss. The compiler's own start-up code has some.
has_no_state() {
  ! objdump -t "$library" | awk '/ O \.(data|bss)\t/ { print $NF }' | grep -vE '^(completed\.|__dso_handle$|__TMC_END__$)'
}
claim "it has no state" has_no_state

# shellcheck disable=SC2046,SC2086 # flags are words
compile() {
  $CC -Wall -Wextra -Werror "$sources/doc/verify-mark.c" $(pkg-config --cflags --libs keurmerk-verify) -o "$folder/$1"
}
compile_static() {
  PKG_CONFIG_SYSROOT_DIR='' $CC -Wall -Wextra -Werror "$sources/doc/verify-mark.c" -I"$(dirname "$(find "$root" -name keurmerk-verify.h)")" \
    "$libraries/libkeurmerk-verify.a" -ljansson -lcrypto -lz -lexpat -lidn2 -o "$folder/$1"
}
compile_as_cxx() {
  printf '#include <keurmerk-verify.h>\nint main() { km_verify_keys_free(0); }\n' >"$folder/a.cc"
  c++ -Wall -Werror "$folder/a.cc" $(pkg-config --cflags --libs keurmerk-verify) -o "$folder/cxx" && "$folder/cxx"
}
claim "the example compiles with what pkg-config says" compile verify-mark
claim "and with the static library" compile_static verify-mark-static
if command -v c++ >/dev/null 2>&1; then
  claim "a C++ program can use it" compile_as_cxx
else
  skip_claim "a C++ program can use it" "there is no c++"
fi

"$program" demo --listen 127.0.0.1:0 >"$folder/demo" 2>&1 &
demo=$!
tries=0
until grep -q 'mark list' "$folder/demo" 2>/dev/null || [ $tries = 600 ]; do
  tries=$((tries + 1))
  sleep 0.1
done
url=$(sed -n 's|^ *\(http:[^ ]*\)/ .*|\1|p' "$folder/demo")
pictures=$(sed -n 's|.* \(/[^ ]*\)/donald.svg$|\1|p' "$folder/demo" | head -n 1)
number_of() {
  sed -n "s|.*/m/\([^ ]*\)  $1: $2\$|\1|p" "$folder/demo"
}
fetch() {
  curl -sf "$url$1" -o "$folder/$2"
}
genuine=$(number_of 'Test BV Donald' active)
suspended=$(number_of 'Test NV Katrien' suspended)
claim "a demo hands out its keys" fetch /.well-known/jwks.json keys
claim "its badges" fetch "/m/$genuine.svg" badge.svg
claim "credentials" fetch "/m/$genuine.jwt" credential.jwt
claim "documents" fetch "/m/$genuine.json-ld" credential.json
claim "and what it says of them now" fetch "/m/$genuine/status.jwt" status
fetch "/m/$suspended.svg" suspended.svg
fetch "/m/$suspended/status.jwt" suspended.status

# answers PROGRAM STATUS TEXT THING [STATUS-FILE]
answers() {
  example=$1 expected=$2 text=$3
  shift 3
  status=0
  (cd "$folder" && "./$example" keys "$@") >"$folder/said" 2>&1 || status=$?
  cat "$folder/said"
  [ "$status" = "$expected" ] && grep -q "$text" "$folder/said"
}
for example in verify-mark verify-mark-static; do
  claim "$example: a badge is genuine" answers $example 0 '^Genuine and active: Test BV Donald' badge.svg status
  claim "$example: so is its credential" answers $example 0 '^Genuine and active' credential.jwt status
  claim "$example: and as a document" answers $example 0 '^Genuine and active' credential.json status
  claim "$example: without the registry's word it cannot tell" answers $example 3 '^Cannot tell' badge.svg
  claim "$example: nor with that of another mark" answers $example 3 '^Cannot tell' badge.svg suspended.status
  claim "$example: a suspended mark is not valid" answers $example 1 'is suspended' suspended.svg suspended.status
  claim "$example: a forged badge is not valid" answers $example 1 '^Not valid' "$pictures/forged.svg" status
done
cp "$folder/badge.svg" "$folder/keys"
claim "what are no keys is said to be none" answers verify-mark 2 'the key set: line 1' badge.svg
claims_end
