#!/bin/sh
# The house has rooms, and calls go one way: this reads every source and refuses an include across the line.
set -eu
srcdir=${srcdir-$(dirname "$0")/..}
. "$srcdir/tests/claims.sh"
cd "$srcdir"

rooms="base keys registry badge www cli"

sources_of() {
  find "$@" -name '*.[ch]' | LC_ALL=C sort
}

# Says FILE:LINE:TEXT of each match in the files or folders, and fails where there is one.
none_match() {
  pattern=$1
  shift
  found=$(sources_of "$@" | xargs -r grep -nE "$pattern" /dev/null | grep -vE "$excepted") || true
  [ -z "$found" ] || {
    printf '%s\n' "$found"
    return 1
  }
}

# except PATTERN COMMAND ARG…: but for matches that look like this.
excepted='^$'
except() {
  excepted=$1
  shift
  "$@"
}

room_includes_only() {
  room=$1
  not_allowed=$2
  none_match "^[[:space:]]*#[[:space:]]*include[[:space:]]*[<\"]($not_allowed)/" "$room"
}

# only_in HEADER PLACE…: every include of a header of that name is in a file whose path begins with one of these.
only_in() {
  header=$1
  shift
  found=$(none_match "^[[:space:]]*#[[:space:]]*include[[:space:]]*[<\"]$header" $rooms) && return 0
  for place in "$@"; do
    found=$(printf '%s\n' "$found" | grep -v "^$place") || return 0
  done
  printf '%s\n' "$found"
  return 1
}

to_the_right=
for room in cli www badge registry keys base; do
  claim "$room/ calls no room to its right" room_includes_only "$room" "tests${to_the_right:+|$to_the_right}"
  to_the_right="$room${to_the_right:+|$to_the_right}"
done
# "error.h" would be found beside the file too, and the claims above would not see which room that is.
claim "our includes are paths from the top" \
  except '"config\.h"' none_match '^[[:space:]]*#[[:space:]]*include[[:space:]]*"[^/"]*"' $rooms

claim "SQLite is in registry/ only" only_in 'sqlite3\.h' registry/
claim "libpq is in registry/postgres.h only" only_in 'libpq-fe\.h' registry/postgres.h
claim "libmicrohttpd is in www/ only" only_in 'microhttpd\.h' www/
claim "OpenSSL is in keys/ and base/digest.c only" only_in 'openssl/' keys/ base/digest.c
claim "libseccomp is in keys/ only" only_in 'seccomp\.h' keys/
claim "p11-kit is in keys/ only" only_in 'p11-kit/' keys/
claim "libqrencode is in badge/ only" only_in 'qrencode\.h' badge/
claim "libpng is in badge/ only" only_in 'png\.h' badge/
claim "expat is in badge/ only" only_in 'expat' badge/
claim "librsvg, cairo, gdk-pixbuf and zbar are in badge/ only" only_in '(librsvg|cairo|gdk-pixbuf|zbar)' badge/
claim "libidn2 is in registry/ only" only_in 'idn2\.h' registry/
claim "libcurl is in cli/ only" only_in 'curl/' cli/
claim "the DNS is asked in cli/ only" only_in '(resolv|arpa/nameser)\.h' cli/

claim "library rooms do not print" none_match \
  '(^|[^[:alnum:]_"])(v?printf|puts|putchar|perror)[[:space:]]*\(|fprintf[[:space:]]*\([[:space:]]*std(out|err)' \
  base keys registry badge
claim "library rooms do not exit" none_match '(^|[^[:alnum:]_])(exit|abort)[[:space:]]*\(' base keys registry badge www
claim "library rooms do not read the environment" none_match '(^|[^[:alnum:]_])(secure_)?getenv[[:space:]]*\(' \
  base keys registry badge www
claim "the time comes from a clock that tests can set" except '^base/clock\.c:' none_match \
  '(^|[^[:alnum:]_>.])(time[[:space:]]*\([[:space:]]*(NULL|0|&)|gettimeofday[[:space:]]*\()' \
  base keys registry badge www cli
claims_end

# A remark, no claim: a file that long is two files.
sources_of $rooms tests | xargs wc -l | awk '$2 != "total" && $1 > 600 { print "# " $2 " has " $1 " lines" }'
