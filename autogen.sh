#!/bin/sh
# ./autogen.sh              makes ./configure, for those who like to do the rest by hand
# ./autogen.sh run [ARG…]   installs what is missing, builds in build/, starts `keurmerk demo ARG…`
# ./autogen.sh check        installs what is missing, builds in build-check/ with warnings as errors, runs all tests;
#                           the last line is "N passed, N failed"
# Each can be run again at any time: what is up to date is left alone.
set -eu

build_packages="autoconf automake make gcc libc6-dev pkg-config ca-certificates libssl-dev libmicrohttpd-dev
  libsqlite3-dev libpq-dev libqrencode-dev libjansson-dev libidn2-dev libcurl4-openssl-dev zlib1g-dev libpng-dev libexpat1-dev
  librsvg2-dev libcairo2-dev libseccomp-dev libzbar-dev libp11-kit-dev"
test_packages="libcmocka-dev xz-utils zbar-tools librsvg2-bin binutils curl jq openssl xxd sqlite3 chromium
  golang-go golang-golang-x-mod-dev
  softhsm2
  nginx-light
  zsh
  postgresql"
# Only where no good enough one is on the PATH already, from Debian or from elsewhere.
node_packages="nodejs npm"
node_major_min=18

fail() {
  echo "autogen.sh: $1" >&2
  exit 1
}

say() {
  echo "* $1"
}

# Runs a command that has much to say, and shows it only where it fails.
quietly() {
  log=$1
  shift
  if ! "$@" >"$log" 2>&1; then
    tail -n 60 "$log" >&2
    fail "this failed: $* (all of it is in $log)"
  fi
}

have_node() {
  command -v npm >/dev/null 2>&1 || return 1
  major=$(node --version 2>/dev/null | sed -n 's/^v\([0-9][0-9]*\)\..*/\1/p')
  [ -n "$major" ] && [ "$major" -ge "$node_major_min" ]
}

missing_of() {
  for package in "$@"; do
    status=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) || status=
    [ "$status" = installed ] || printf ' %s' "$package"
  done
}

install_packages() {
  if ! command -v dpkg-query >/dev/null 2>&1 || ! command -v apt-get >/dev/null 2>&1; then
    say "This is no Debian: nothing is installed for you. keurmerk needs what Debian calls: $(echo "$@")"
    return
  fi
  missing=$(missing_of "$@")
  [ -n "$missing" ] || return 0
  as_root=
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null 2>&1 ||
      fail "these packages are missing:$missing. You are not root and there is no sudo: have them installed with
  apt-get install --no-install-recommends$missing
and run this again."
    as_root="sudo"
  fi
  log=$(mktemp)
  say "Installing$missing"
  quietly "$log" $as_root apt-get -q update
  quietly "$log" $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y install --no-install-recommends $missing
  rm -f "$log"
}

make_configure() {
  if [ -f configure ] && [ -f config.h.in ] && [ -f build-aux/tap-driver.sh ] &&
    [ -z "$(find configure.ac Makefile.am ./*/Makefile.inc -newer configure)" ]; then
    return
  fi
  say "Making ./configure"
  log=$(mktemp)
  quietly "$log" autoreconf -fi
  # autoreconf leaves alone what does not change.
  touch configure
  rm -f "$log"
}

# build_in FOLDER OPTION…: configures there where that has not been done, with these options, and builds.
build_in() {
  folder=$1
  shift
  make_configure
  mkdir -p "$folder"
  if [ ! -f "$folder/Makefile" ] || [ ! -f "$folder/options" ] || [ "$(cat "$folder/options")" != "$*" ]; then
    say "Configuring in $folder/"
    (cd "$folder" && quietly configure.log ../configure "$@")
    echo "$*" >"$folder/options"
  fi
  say "Building in $folder/"
  quietly "$folder/make.log" make -C "$folder" -j"$jobs" all
}

install_node_modules() {
  if ! have_node; then
    say "There is no node of version $node_major_min or later: the tests that need it are skipped"
    return
  fi
  if ! cmp -s tests/package-lock.json tests/node_modules/.installed-lock; then
    say "Installing the packages from npm that tests use"
    # node knows its own list of authorities only; what this machine trusts besides is in Debian's list.
    authorities=/etc/ssl/certs/ca-certificates.crt
    if [ -z "${NODE_EXTRA_CA_CERTS-}" ] && [ -f "$authorities" ]; then
      export NODE_EXTRA_CA_CERTS="$authorities"
    fi
    log=$(mktemp)
    quietly "$log" npm --prefix tests ci --ignore-scripts --no-audit --no-fund
    cp tests/package-lock.json tests/node_modules/.installed-lock
    rm -f "$log"
  fi
}

run() {
  install_packages $build_packages
  build_in build
  exec build/keurmerk demo "$@"
}

results() {
  find build-check -name '*.trs' -exec grep -h '^:test-result: ' {} + 2>/dev/null || true
}

count() {
  results | grep -cE "^:test-result: ($1)( |\$)" || true
}

check() {
  failed=1 passed=0
  # Whatever happens, the last line tells.
  trap 'echo "$passed passed, $failed failed"; [ "$failed" = 0 ] && [ "$passed" -gt 0 ] || exit 1' EXIT
  if have_node; then
    install_packages $build_packages $test_packages
  else
    install_packages $build_packages $test_packages $node_packages
  fi
  install_node_modules
  find build-check -name '*.trs' -delete 2>/dev/null || true
  build_in build-check --enable-werror
  stopped=0
  targets="check check-asan"
  # The inputs that it found before are among the tests; looking for more takes libFuzzer.
  if command -v clang >/dev/null 2>&1; then
    targets="$targets fuzz"
  fi
  for target in $targets; do
    say "Testing: make $target"
    make -C build-check -j"$jobs" "$target" VERBOSE=1 FUZZ_SECONDS=1 >"build-check/$target.log" 2>&1 || {
      stopped=1
      grep -E '^(not ok|# |ERROR: .* - )|: (fatal )?error: |undefined reference|\*\*\* ' "build-check/$target.log" |
        grep -vE '^# ([A-Z]+: |ok |not ok )' | head -n 100 || true
      echo "  (all of it is in build-check/$target.log)"
    }
    grep '^SKIP: .* - ' "build-check/$target.log" | sort -u
  done
  passed=$(count 'PASS|XFAIL')
  failed=$(count 'FAIL|XPASS|ERROR')
  if [ "$failed" = 0 ] && [ "$stopped" = 1 ]; then
    failed=1 # it broke off before a test could tell
  fi
}

cd "$(dirname "$0")"
jobs=$(nproc 2>/dev/null || echo 2)
case ${1-} in
'')
  make_configure
  say "Next: mkdir -p build && cd build && ../configure && make"
  ;;
run)
  shift
  run "$@"
  ;;
check)
  [ $# = 1 ] || fail "check takes no argument"
  check
  ;;
*)
  fail "there is no \"$1\" here: use ./autogen.sh, ./autogen.sh run or ./autogen.sh check"
  ;;
esac
