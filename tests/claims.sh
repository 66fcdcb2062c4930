# For tests in shell, which source this file: each claim is one line of TAP.
#     claim "what it promises" COMMAND ARG…      holds where the command succeeds
#     skip_claim "what it promises" "why it cannot be tried here"
#     claims_end                                 last
claims=0

claim() {
  claims=$((claims + 1))
  claim_text=$1
  shift
  if claim_output=$("$@" 2>&1); then
    echo "ok $claims - $claim_text"
  else
    echo "not ok $claims - $claim_text"
    printf '%s\n' "$claim_output" | sed 's/^/# /'
  fi
}

skip_claim() {
  claims=$((claims + 1))
  echo "ok $claims - $1 # SKIP $2"
}

claims_end() {
  echo "1..$claims"
}
