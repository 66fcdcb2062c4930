#!/bin/sh
# Goes through doc/verify.md, line by line as it stands there, against a running registry; and once more against what is
# not genuine, where it has to stop in the right place.
set -eu
. "${srcdir-.}/tests/claims.sh"
document=$(cd "${srcdir-.}/doc" && pwd)/verify.md
program=${KEURMERK-./keurmerk}
folder=$(mktemp -d)
demo=
trap 'if [ -n "$demo" ]; then kill "$demo" && wait "$demo" || true; fi; rm -rf "$folder"' EXIT

for tool in curl openssl jq base64 xxd awk gunzip; do
  command -v "$tool" >/dev/null || {
    skip_claim "doc/verify.md can be followed" "there is no $tool here"
    claims_end
    exit 0
  }
done

# The lines of the document that are to be typed, as a script that says after each of its parts that it came there.
script_of() {
  awk '/^## / { part = substr($0, 4); next }
    /^    / { print substr($0, 5); typed = part; next }
    typed != "" && !/^$/ { print "echo \"came through: " typed "\" >&3"; typed = "" }
    END { if (typed != "") print "echo \"came through: " typed "\" >&3" }' "$document"
}

# follow NAME REGISTRY NUMBER [CHANGE]: follows it in a folder of that name; CHANGE is put in after the badge was fetched.
follow() {
  mkdir "$folder/$1"
  {
    echo 'set -eu'
    script_of | sed "s|^registry=.*|registry=$2|; s|^number=.*|number=$3|; /badge.svg\$/a\\
${4-true}"
  } >"$folder/$1/script"
  (cd "$folder/$1" && sh ./script 3>came >said 2>&1) || true
}

came_through() {
  grep -qxF "came through: $2" "$folder/$1/came" || {
    tail -n 5 "$folder/$1/said"
    return 1
  }
}

stops_at() {
  ! came_through "$1" "$2" >/dev/null && grep -qF "$3" "$folder/$1/said"
}

"$program" demo --listen 127.0.0.1:0 >"$folder/demo" 2>"$folder/log" </dev/null &
demo=$!
waited=0
until grep -q '^Try:' "$folder/demo"; do
  waited=$((waited + 1))
  [ "$waited" -lt 600 ] && kill -0 "$demo" || break
  sleep 0.1
done
registry=$(sed -n 's|^  \(http://[^/]*\)/ .*|\1|p' "$folder/demo")
number_of() {
  sed -n "s|^  $registry/m/\([0-9A-Z]*\)  $1\$|\1|p" "$folder/demo"
}

follow genuine "$registry" "$(number_of 'Test BV Donald: active')"
script_of | sed -n 's/^echo "came through: \(.*\)" >&3$/\1/p' | uniq >"$folder/parts"
while IFS= read -r part; do
  claim "doc/verify.md: $part" came_through genuine "$part"
done <"$folder/parts"

forged='sed "s/\\(verify=\\"[^.]*\\.[^.]*\\.\\)./\\1-/" badge.svg >forged.svg; mv forged.svg badge.svg'
follow forged "$registry" "$(number_of 'Test BV Donald: active')" "$forged"
claim "with a badge that was touched, it stops at the signature" \
  stops_at forged "Is the badge genuine?" "Signature Verification Failure"
follow withdrawn "$registry" "$(number_of 'Test EMZ Dagobert: withdrawn')"
claim "with a mark that was withdrawn, it stops at the state" \
  stops_at withdrawn "Does the mark hold now?" withdrawn
claims_end
