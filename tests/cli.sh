#!/bin/sh
# How the program meets a person: usage, exit status, messages, files.
set -eu
. "${srcdir-.}/tests/claims.sh"
program=${KEURMERK-./keurmerk}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
HOME=$folder
export HOME
unset KEURMERK_HOME XDG_CONFIG_HOME || true
schemes=$(cd "${srcdir-.}/registry/schemes" && pwd)
url=https://keurmerk.example

# exits STATUS ARG…: with that exit status, and with at most one line of complaint, which is where it belongs.
exits() {
  expected=$1
  shift
  status=0
  "$program" "$@" >"$folder/out" 2>"$folder/err" </dev/null || status=$?
  cat "$folder/out" "$folder/err"
  [ "$status" = "$expected" ] || {
    echo "exit $status"
    return 1
  }
  [ "$status" = 0 ] || [ "$(wc -l <"$folder/err")" -le 1 ]
}

# says TEXT STATUS ARG…: and says this somewhere.
says() {
  text=$1
  shift
  exits "$@" && cat "$folder/out" "$folder/err" | grep -qF -e "$text"
}

says_not() {
  text=$1
  shift
  exits "$@" && ! cat "$folder/out" "$folder/err" | grep -qF -e "$text"
}

both() {
  eval "$1" && eval "$2"
}

# --------------------------------------------------------------------------------------------------------------- usage

claim "--help lists the commands" says "keurmerk verify [THING]" 0 --help
claim "--version tells the version" says "keurmerk 0." 0 --version
claim "no command is wrong usage" says "say what to do" 2
claim "an unknown command is wrong usage" says "there is no command “fly”" 2 fly
claim "an unknown verb is wrong usage, and says where to look" says "keurmerk provider --help" 2 provider fly
claim "a noun alone says where to look" says "keurmerk provider --help" 2 provider
claim "help of a noun lists its verbs" says "keurmerk provider show KVK" 0 provider --help
claim "an unknown option is named" says "there is no option --fly" 2 init --fly
claim "an unknown letter is named" says "there is no option -x" 2 provider list -x
claim "a missing value is noticed" says "--url needs a value" 2 init --url
claim "a missing option is named" says "--url URL is missing" 2 init
claim "a missing operand is named" says "KVK NAME is missing" 2 provider add 68750110
claim "one operand too many is noticed" says "“b” is one too many" 2 provider show a b
claim "an option given twice is noticed" says "--url is given twice" 2 init --url $url --url $url
claim "help wins over what is missing" says "--trade-name NAME" 0 provider add --help

# ---------------------------------------------------------------------------------------------------------------- init

nothing_at() {
  [ ! -e "$1" ]
}

home=$folder/home
claim "an address that is not https is refused" says "use https" 1 init --home "$home" --url http://keurmerk.example
claim "and then nothing has been made" nothing_at "$home"
claim "a passphrase file that is not there is noticed first" exits 1 init --home "$home" --url $url --passphrase-file "$folder/none"
claim "and then too nothing has been made" nothing_at "$home"
claim "a folder that cannot be made is named" says "$folder/no/home" 1 init --home "$folder/no/home" --url $url
mkdir "$folder/full" && touch "$folder/full/file"
claim "a folder that is in use is left alone" says "“file”" 1 init --home "$folder/full" --url $url
claim "as it was" test "$(ls "$folder/full")" = file
mkdir -m 755 "$folder/empty"
claim "an empty folder will do" exits 0 init --home "$folder/empty" --url $url
claim "and is then closed to others" test "$(stat -c %a "$folder/empty")" = 700
claim "it says that the keys are not encrypted" says "not encrypted" 0 init --home "$home" --url $url
claim "twice in one place is refused" says "nothing was changed" 1 init --home "$home" --url $url
(umask 077 && echo "a long passphrase" >"$folder/passphrase")
claim "with a passphrase they are encrypted" says_not "not encrypted" 0 \
  init --home "$folder/locked" --url $url --passphrase-file "$folder/passphrase"
claim "so that the key files say so" grep -q "BEGIN ENCRYPTED PRIVATE KEY" "$folder"/locked/keys/credential-*.pem
claim "and serve needs it" says "passphrase" 1 serve --home "$folder/locked" --listen 127.0.0.1:0
chmod 644 "$folder/passphrase"
claim "a passphrase that others can read is refused" says "chmod" 1 \
  serve --home "$folder/locked" --listen 127.0.0.1:0 --passphrase-file "$folder/passphrase"

# --------------------------------------------------------------------------------------------- scheme files on their own

claim "a scheme comes with the program" \
  both 'exits 0 scheme sample mkb-ict' 'cmp "$folder/out" "$schemes/mkb-ict.json"'
claim "and is listed" says "rijpheid" 0 scheme sample
claim "one that does not come is not" says "no sample “none”" 1 scheme sample none
claim "a good scheme file is good" says "nothing is wrong" 0 scheme check "$schemes/rijpheid.json"
claim "a form asks for what the scope must meet" \
  both 'exits 0 scheme form "$schemes/mkb-ict.json" --service beheer' 'grep -q "\"B1\"" "$folder/out" && ! grep -q "\"B6\"" "$folder/out"'
claim "of services that are there" says "no such service" 2 scheme form "$schemes/mkb-ict.json" --service vliegen
claim "and at a level, where there are levels" says "--level ID is missing" 2 scheme form "$schemes/rijpheid.json" --service kantoor
claim "which decides what is asked" \
  both 'exits 0 scheme form "$schemes/rijpheid.json" --service kantoor --level 1' '! grep -q "\"W6\"" "$folder/out"'
sed 's/"validity_months": *36/"validity_months": 0/; s/"grace_days": *60/"grace_days": "x"/' \
  "$schemes/mkb-ict.json" >"$folder/two.json"
claim "of another, each fault is said" \
  both 'says "validity_months" 1 scheme check "$folder/two.json"' 'grep -q grace_days "$folder/out"'

# ------------------------------------------------------------------------------------------------------- the operator

claim "without a register it says how to name or make one" says "keurmerk init" 1 provider list
KEURMERK_HOME=$home
export KEURMERK_HOME
claim "KEURMERK_HOME names the folder" exits 0 provider list
claim "a scheme that ships can be added" says "version 1 of the scheme mkb-ict" 0 scheme add "$schemes/mkb-ict.json"
claim "and again, for it is the same" exits 0 scheme add "$schemes/mkb-ict.json"
sed 's/"validity_months": *36/"validity_months": 24/' "$schemes/mkb-ict.json" >"$folder/changed.json"
claim "but not changed" exits 1 scheme add "$folder/changed.json"
echo '{' >"$folder/broken.json"
claim "a broken file is named" says "broken.json" 1 scheme add "$folder/broken.json"
printf '{"id": "leeg", "extra": 1}\n' >"$folder/faults.json"
claim "each fault of a scheme that is added is named" both 'says "line 1: extra" 1 scheme add "$folder/faults.json"' \
  'says "line 1: criteria: this member is missing" 1 scheme add "$folder/faults.json"'
claim "and it is not added" says "nothing was added" 1 scheme add "$folder/faults.json"
claim "scheme show prints the file as it was published" \
  both 'exits 0 scheme show mkb-ict --json' 'cmp "$folder/out" "$schemes/mkb-ict.json"'
claim "a body needs a scheme that is there" exits 1 body add vc --name V --accreditation C --scheme none
claim "a body is added" exits 0 body add vc --name Voorbeeld --accreditation C-000 --scheme mkb-ict
claim "a slug is taken once" exits 1 body add vc --name Voorbeeld --accreditation C-000 --scheme mkb-ict
claim "a role that is none is wrong usage" says "--role boss" 2 person invite --body vc --name Anna --role boss
claim "an invitation shows what to run" says "keurmerk enrol $url --code" 0 person invite --body vc --name Anna --role auditor
claim "a lost code is made anew" says "--code" 0 person invite --again 1
claim "for a person who is there" exits 1 person invite --again 2
claim "and who is known already" says "--again goes without" 2 person invite --again 1 --name Anna
claim "person list shows who is invited" says "invited" 0 person list
claim "a key that is not there is not revoked" exits 1 person revoke nothing
hyphened=-t753NyS3cl3Qa4iN72GVVCSQ8x_wJzFQm68PqLWMvc
claim "a thumbprint may begin with a hyphen" says "no key with thumbprint $hyphened" 1 person revoke "$hyphened"
claim "also as the value of an option" says "neither a file nor" 2 verify nothing.jwt --root "$hyphened"
claim "a KvK number has 8 digits" exits 1 provider add 6875011 Donald
claim "a domain in any script is kept as A-labels" \
  both 'exits 0 provider add 68750110 "Test BV Donald" --domain café.example' 'says xn--caf-dma.example 0 provider show 68750110'
claim "two providers do not share a domain" says "Test BV Donald" 1 provider add 68727720 Katrien --domain xn--caf-dma.example
claim "a provider that is not there is not shown" exits 1 provider show 69599084
claim "a state that is none is wrong usage" says "--state gone" 2 mark list --state gone
claim "a mistyped mark number says that the check symbol does not fit" says "check symbol" 1 mark show 7K3Q-9XM2-4HTX
claim "a day that has yet to come is not told" says "yet to come" 2 mark show 7K3Q-9XM2-4HTT --at 2999-01-01
claim "a QR code of another kind is not made" says ".svg or .png" 2 qr 7K3Q-9XM2-4HTT -o mark.gif
claim "nor a badge" says ".svg, .png or .pdf" 2 badge 7K3Q-9XM2-4HTT -o mark.gif
claim "pixels are for PNG" says "--width goes with" 2 badge 7K3Q-9XM2-4HTT -o mark.pdf --width 100
claim "millimetres are for PDF" says "go with -o FILE.pdf" 2 badge 7K3Q-9XM2-4HTT -o mark.png --print-width 60
claim "a reader that has seen enough is no fault" \
  both '"$program" scheme show mkb-ict 2>"$folder/err" | sed q >"$folder/out"' '[ ! -s "$folder/err" ]'

# ------------------------------------------------------------------------------------------- what comes from outside

escape=$(printf '\033')
claim "an escape sequence in an argument does not reach the terminal" says_not "$escape" 2 "${escape}[31mfly"
claim "nor in a file's content" \
  both 'printf "{\"id\": \"\\033[31m\"}" >"$folder/evil.json"' 'says_not "$escape" 1 scheme add "$folder/evil.json"'
claim "nor in its name" \
  both 'cp "$folder/broken.json" "$folder/${escape}]0;evil.json"' 'says_not "$escape" 1 scheme add "$folder/${escape}]0;evil.json"'

# -------------------------------------------------------------------------------------------------------------- verify

unset KEURMERK_HOME
claim "what is neither file nor number nor address is wrong usage" says "neither a file" 2 verify hello
claim "a number needs somebody's word" exits 3 verify 7K3Q-9XM2-4HTT
claim "two words are one too many" says "whose word" 2 verify 7K3Q-9XM2-4HTT --registry $url --keyset x
claim "where nobody answers it cannot tell" exits 3 verify 7K3Q-9XM2-4HTT --registry http://127.0.0.1:1
claim "an address in clear over the network is not used" exits 3 verify 7K3Q-9XM2-4HTT --registry http://keurmerk.example
claim "a number whose check symbol does not fit is not valid" exits 1 verify 7K3Q-9XM2-4HTX
claim "nothing is asked --offline, so that keys must be here" says "--keyset" 3 verify 7K3Q-9XM2-4HTT --offline --registry $url
claim "a file that is no badge proves nothing" exits 3 verify "$schemes/mkb-ict.json"
claim "in JSON too, a failure on the way is “cannot tell”" \
  both 'exits 3 verify 7K3Q-9XM2-4HTT --registry http://127.0.0.1:1 --json' 'grep -q "\"outcome\": \"cannot-tell\"" "$folder/out"'
claim "the page of another site is of an unknown issuer" says "evil.example" 3 \
  verify https://evil.example/m/7K3Q9XM24HTT --home "$home"
claim "the keys of a home are its own key set" \
  both 'exits 0 key list --home "$home" --json && cp "$folder/out" "$folder/keys.json"' \
  'exits 3 verify 7K3Q-9XM2-4HTT --keyset "$folder/keys.json" --offline'

# ------------------------------------------------------------------------------------------------------------- submit

claim "submit needs a registry" says "--registry URL is missing" 2 submit --key x y
claim "a file that is not there is named" says "$folder/none" 1 submit --registry $url --key x "$folder/none"
echo '{"type": "audit", "audit": {}, "iss": "me"}' >"$folder/filled.json"
openssl genpkey -algorithm ed25519 -out "$folder/key.pem" 2>/dev/null && chmod 600 "$folder/key.pem"
claim "what is filled in by us is refused from others" says "“iss” is filled in" 1 \
  submit --registry $url --key "$folder/key.pem" "$folder/filled.json"
echo '{"type": "audit", "audit": {}}' >"$folder/audit.json"
claim "a key made by openssl signs" \
  both 'exits 0 submit --registry $url --key "$folder/key.pem" --print "$folder/audit.json"' 'grep -qE "^eyJ[^.]+\.[^.]+\.[^.]+$" "$folder/out"'
claim "the same key, name and moment give the same bytes" \
  both 'echo 1795539757 >"$folder/clock" && "$program" submit --registry $url --key "$folder/key.pem" --jti a-name-of-16-chars --clock "$folder/clock" --print "$folder/audit.json" >"$folder/first"' \
  '"$program" submit --registry $url --key "$folder/key.pem" --jti a-name-of-16-chars --clock "$folder/clock" --print "$folder/audit.json" | cmp - "$folder/first"'
chmod 644 "$folder/key.pem"
claim "a private key that others can read is not used" says "chmod" 1 \
  submit --registry $url --key "$folder/key.pem" --print "$folder/audit.json"
claim "what is signed already is not signed again" says "signed already" 2 \
  submit --registry $url --key "$folder/key.pem" "$folder/first"
claim "where nobody answers it is not known whether it came across" exits 3 submit --registry http://127.0.0.1:1 "$folder/first"

claims_end
