#!/bin/sh
# Is the tarball whole, and the same wherever it is made?
set -eu
srcdir=$(cd "${srcdir-.}" && pwd)
. "$srcdir/tests/claims.sh"
make=${MAKE-make}
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT

# In a folder of its own, so that what this build has made stays as it is.
makes() {
  mkdir "$work/one" && cd "$work/one" && "$srcdir/configure" --quiet && $make -s dist
}

# From the tarball, by other hands: another umask, another zone, another day.
makes_itself() {
  cd "$work" && tar -xf one/keurmerk-*.tar.xz && mkdir two && cd two &&
    (umask 077 && TZ=Pacific/Auckland && export TZ && ../keurmerk-*/configure --quiet && $make -s dist)
}

unset SOURCE_DATE_EPOCH
claim "a tarball is made" makes
claim "it holds all that it takes to make one" makes_itself
claim "both are the same to the last byte" sh -c 'cmp "$0"/one/*.tar.xz "$0"/two/*.tar.xz' "$work"
claims_end
