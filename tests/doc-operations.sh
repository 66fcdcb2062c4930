#!/bin/sh
# Types what doc/operations.md says to type, in its order, for a registry in a scratch folder. What changes the machine
# itself (installing, users, systemd) is left out, and named below.
set -eu
. "${srcdir-.}/tests/claims.sh"
document=$(cd "${srcdir-.}/doc" && pwd)/operations.md
program=${KEURMERK-./keurmerk}
folder=$(mktemp -d)
server=
trap 'if [ -n "$server" ]; then kill "$server" && wait "$server" || true; fi; rm -rf "$folder"' EXIT
HOME=$folder
KEURMERK_HOME=$folder/home
port=$((20000 + $$ % 20000))
url=http://127.0.0.1:$port
SOFTHSM2_CONF=$folder/softhsm2.conf
# A token's library, which is not ours, keeps what it has to the end.
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
export HOME KEURMERK_HOME SOFTHSM2_CONF ASAN_OPTIONS
unset XDG_CONFIG_HOME || true

for tool in curl jq openssl sqlite3; do
  command -v "$tool" >/dev/null || {
    skip_claim "doc/operations.md can be followed" "there is no $tool here"
    claims_end
    exit 0
  }
done

keurmerk() {
  "$program" "$@"
}

# Stands in for the person who fills in the form, or copies what the document shows.
editor() {
  case $1 in
  */mail.json) sed -n '/^```json$/,/^```$/p' "$document" | sed '/^```/d' >"$1" && return ;;
  esac
  jq '.audit.started = "2026-11-02" | .audit.finished = "2026-11-10" | .audit.recommendation = "grant"
    | .audit.evidence = [{name: "rapport.pdf", sha256: ("0" * 64)}] | .audit.findings[].result = "conform"' "$1" >filled
  mv filled "$1"
}

# The line as it is typed here: without the remark behind it, without the other user, in our folders, at our address.
typed() {
  printf '%s\n' "$1" | sed -e 's/ \{7,\}.*$//; s/   *[a-z][^"]*$//' -e 's/^sudo \(-E \)*-u keurmerk //' \
    -e 's/^sudo install \(-d \)\{0,1\}-o keurmerk -g keurmerk/install \1/' \
    -e "s|/etc/keurmerk|$folder|g; s|/var/backups|$folder|g; s|/var/lib/keurmerk|$KEURMERK_HOME|g" \
    -e "s|/media/stick|$KEURMERK_HOME/keys|g; s|--passphrase-file …|--passphrase-file passphrase|" \
    -e "s|https://keurmerk.example|$url|g"
}

# What stands for something that only shows on the way.
filled_in() {
  case $1 in
  *softhsm2-util*) echo "$1 --pin 1234 --so-pin 12345678" ;;
  *'cat >'*/pin*) echo "echo 1234 | $1" ;;
  *enrol*) code=$(jq -r .code auditor.json) && printf '%s\n' "$1" | sed "s/…/$code/" ;;
  *'"audit": "…"'*) printf '%s\n' "$1" | sed "s/…/$(sed -n 's/.*"id": *"\([^"]*\)".*/\1/p' out | head -n 1)/" ;;
  *"person revoke THUMBPRINT"*)
    printf '%s\n' "$1" | sed "s/THUMBPRINT/$(keurmerk person list --json | jq -r '[.. | .kid? // empty][0]')/
      s/--at [^ ]*/--at $(date -u +%Y-%m-%dT%H:%M:%SZ)/" ;;
  *"key revoke THUMBPRINT"*)
    printf '%s\n' "$1" | sed "s/THUMBPRINT/$(keurmerk key list | awk '$2 == "credential" { print $1; exit }')/
      s/--at [^ ]*/--at $(date -u +%Y-%m-%dT%H:%M:%SZ)/" ;;
  *"--again ID"*) printf '%s\n' "$1" | sed 's/ID/1/' ;;
  *) printf '%s\n' "$1" ;;
  esac
}

run_line() {
  eval "$1" >out 2>err </dev/null || {
    cat out err
    return 1
  }
}

serve() {
  "$program" serve --passphrase-file "$folder/passphrase" >served 2>&1 &
  server=$!
  waited=0
  until grep -q 'is served at' served; do
    waited=$((waited + 1))
    [ "$waited" -lt 300 ] && kill -0 "$server" || return 1
    sleep 0.1
  done
}

# The same that the document shows for one person, for the other; and codes that this test can read.
on_the_way() {
  case $1 in
  *"keurmerk init"*)
    served=true # here, for a claim is made in a process of its own, which would know the server alone
    serve || served=false
    claim "the server starts with what was made" $served
    ;;
  *'--role auditor'*) keurmerk person invite --again 1 --json >auditor.json ;;
  *'--role decider'*) keurmerk person invite --again 2 --json >decider.json ;;
  *enrol*) keurmerk enrol "$url" --code "$(jq -r .code decider.json)" --key decider.pem >out ;;
  esac
}

# Well, but for what cannot be told of this machine's clock.
says_well() {
  status=0
  eval "$1" >out 2>&1 || status=$?
  cat out
  [ "$status" = 0 ] || [ "$status" = 3 ]
}

cd "$folder"
(umask 077 && echo "of the auditor" >passphrase-of-person)
sed -n 's/^    //p' "$document" >lines
doctor=
while IFS= read -r shown <&4; do
  line=$(typed "$shown")
  case $line in
  '' | ./autogen.sh* | 'sudo make'* | 'sudo useradd'* | 'sudo systemctl'*) continue ;;
  'keurmerk doctor'*) doctor=$line && continue ;; # it asks for the copy, which comes later
  'keurmerk mail try'*) continue ;; # it takes a mail server: tests/mail.mjs
  esac
  # On the person's own machine there is a passphrase of theirs.
  line=$(filled_in "$line" | sed 's/--passphrase-file passphrase\( \|$\)/--passphrase-file passphrase-of-person\1/')
  claim "$shown" run_line "$line"
  on_the_way "$line"
done 4<lines
claim "keurmerk doctor finds all well after all that" says_well "$doctor"
claim "the mark is there, and active" sh -c "'$program' mark list | grep -q 'active'"
claims_end
