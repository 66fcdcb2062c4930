#!/bin/sh
# The server speaks TLS itself: to curl, which trusts the certificate that we made, and nothing older than TLS 1.2.
set -eu
. "${srcdir-.}/tests/claims.sh"
program=$(cd "$(dirname "${KEURMERK-./keurmerk}")" && pwd)/keurmerk
for tool in curl openssl; do
  command -v "$tool" >/dev/null 2>&1 || {
    echo "1..0 # SKIP there is no $tool"
    exit
  }
done
folder=$(mktemp -d)
server=
stop() {
  [ -z "$server" ] || kill "$server" 2>/dev/null || true
  [ -z "$server" ] || wait "$server" 2>/dev/null || true
  rm -rf "$folder"
}
trap stop EXIT
cd "$folder"
export KEURMERK_HOME="$folder/home"

make_certificate() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout "$1.key" -out "$1.crt" 2>/dev/null
}
make_certificate ours
make_certificate other
"$program" init --url https://keurmerk.example >/dev/null

"$program" serve --listen 127.0.0.1:0 --tls-cert ours.crt --tls-key ours.key >out 2>log &
server=$!
tries=0
until grep -q 'served at https://' out || [ $tries -ge 200 ]; do
  tries=$((tries + 1))
  sleep 0.1
done
address=$(sed -n 's|.*served at https://\(.*\)\.$|\1|p' out)

answers() {
  [ "$(curl -s --cacert ours.crt -o page -w '%{http_code} %{scheme}' "https://$address$1" | tr a-z A-Z)" = '200 HTTPS' ]
}
is_not_trusted_by_others() {
  ! curl -s --cacert other.crt -o page "https://$address/"
}
speaks_no_plain_http() {
  ! curl -s -o page "http://$address/healthz"
}
speaks_version() {
  echo | openssl s_client -connect "$address" "-$1" -cipher 'DEFAULT@SECLEVEL=0' 2>/dev/null | grep -q '^New, TLSv'
}
speaks_no_older_version() {
  ! speaks_version tls1_1 && ! speaks_version tls1
}
takes_a_list() {
  [ "$(printf 'kvk\n68750110\n' | curl -s --cacert ours.crt -H 'Content-Type: text/csv' --data-binary @- -o page \
    -w '%{http_code}' "https://$address/v1/checks")" = 200 ]
}
logs_no_visitor() {
  ! grep -q '127.0.0.1\|fault' log
}
is_refused() {
  ! "$program" serve --listen 127.0.0.1:0 "$@" >refused 2>&1 && grep -q "$tells" refused
}

claim "a page comes over TLS" answers /
claim "and so does what is signed" answers /.well-known/jwks.json
claim "whoever does not trust the certificate gets nothing" is_not_trusted_by_others
claim "plain HTTP gets nothing" speaks_no_plain_http
claim "TLS 1.2 is spoken" speaks_version tls1_2
claim "TLS 1.3 is spoken" speaks_version tls1_3
claim "nothing older is" speaks_no_older_version
claim "a list of suppliers is taken" takes_a_list
claim "visitors who fail are not in the log" logs_no_visitor
tells='belong together'
claim "a key of another certificate is refused" is_refused --tls-cert ours.crt --tls-key other.key
tells='both a certificate and its key'
claim "a certificate without its key is refused" is_refused --tls-cert ours.crt
tells='absent.key'
claim "a key that is not there is refused, by name" is_refused --tls-cert ours.crt --tls-key absent.key
claims_end
