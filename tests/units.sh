#!/bin/sh
# The units for systemd: systemd itself reads them, and says how much they leave open.
set -eu
. "${srcdir-.}/tests/claims.sh"
source=${srcdir-.}/dist
program=${KEURMERK-./keurmerk}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
exposure_max=20 # tenths

if ! systemd-analyze security --help 2>/dev/null | grep -q -e --offline; then
  skip_claim "systemd takes the units" "there is no systemd-analyze that works offline here"
  claims_end
  exit 0
fi
cp "$source/keurmerk.socket" "$source/keurmerk-domains.timer" "$source/keurmerk-mail.timer" "$folder"
sed "s|@bindir@/keurmerk|$program|" "$source/keurmerk.service.in" >"$folder/keurmerk.service"
sed "s|@bindir@/keurmerk|$program|" "$source/keurmerk-domains.service.in" >"$folder/keurmerk-domains.service"
sed "s|@bindir@/keurmerk|$program|" "$source/keurmerk-mail.service.in" >"$folder/keurmerk-mail.service"

takes() {
  said=$(systemd-analyze verify --man=no --recursive-errors=no "$folder/$1" 2>&1) && [ -z "$said" ] || {
    echo "$said"
    return 1
  }
}

claim "systemd takes the service" takes keurmerk.service
claim "systemd takes the socket" takes keurmerk.socket
claim "systemd takes the look at domains" takes keurmerk-domains.service
claim "systemd takes its timer" takes keurmerk-domains.timer
claim "systemd takes the sending of mail" takes keurmerk-mail.service
claim "systemd takes the timer of that" takes keurmerk-mail.timer
claim "the service leaves no more open than $exposure_max tenths of ten" \
  systemd-analyze security --offline=true --threshold=$exposure_max "$folder/keurmerk.service"
claim "the sending of mail leaves no more open than that" \
  systemd-analyze security --offline=true --threshold=$exposure_max "$folder/keurmerk-mail.service"
sed '/^\(Protect\|Private\|Restrict\|SystemCall\|Capability\)/d' "$folder/keurmerk.service" >"$folder/open.service"
not() {
  ! "$@" >/dev/null
}
claim "a service that is left open would be noticed" \
  not systemd-analyze security --offline=true --threshold=$exposure_max "$folder/open.service"
claims_end
