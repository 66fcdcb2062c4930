#!/bin/sh
# Do bash and zsh offer what may be typed next, and nothing else?
set -eu
. "${srcdir-.}/tests/claims.sh"
srcdir=$(cd "${srcdir-.}" && pwd)
program=$(realpath "${KEURMERK-./keurmerk}")
PATH=$(dirname "$program"):$PATH

# in_bash WORD...: what is offered for the last word, in one line.
in_bash() {
  bash --norc -c '. "$0"; COMP_WORDS=(keurmerk "$@") COMP_CWORD=$#; _keurmerk; echo "${COMPREPLY[*]}"' \
    "$srcdir/dist/keurmerk.bash" "$@"
}

# The same by zsh, with what it would call for that written down instead.
in_zsh() {
  zsh -f -c 'compadd() { shift; print -r -- ${(P)1} }; _files() { print -r -- FILES }
    words=(keurmerk "$@"); CURRENT=$#words; script=$0; offer() { source $script }; offer' "$srcdir/dist/_keurmerk" "$@"
}

offers() {
  shell=$1 expected=$2
  shift 2
  found=$("$shell" "$@")
  [ "$found" = "$expected" ] || { echo "offered: $found"; return 1; }
}

is_offered() {
  wanted=$1
  shift
  "$program" --complete "$@" | grep -qx -e "$wanted" || { echo "$* does not lead to $wanted"; return 1; }
}

# Each command of --help word by word, and each of its options.
offers_all() {
  "$program" --help | sed -n 's/^  keurmerk \([a-z][a-z ]*[a-z]\).*$/\1/p' | sed 's/  .*//' >commands.list
  test -s commands.list
  while read -r noun verb; do
    is_offered "$noun" "$(echo "$noun" | cut -c1-2)"
    [ -z "$verb" ] || is_offered "$verb" "$noun" ""
    for option in $("$program" "$noun" $verb --help | sed -n 's/^  *\(-., \)\{0,1\}--\([a-z-]*\).*$/\2/p'); do
      is_offered "--$option" "$noun" $verb -
    done
  done <commands.list
  rm commands.list
}

claim "all that --help tells of is offered" offers_all
for shell in bash zsh; do
  if ! command -v $shell >/dev/null 2>&1; then
    skip_claim "$shell offers nouns, verbs, options and values" "there is no $shell"
    continue
  fi
  files=
  [ $shell = bash ] || files=FILES
  claim "$shell offers nouns" offers in_$shell "scheme" sc
  claim "$shell offers the verbs of a noun" offers in_$shell "list show history" mark ""
  claim "$shell offers the options of a command" offers in_$shell \
    "--contact-name --contact-email --contact-phone --contact-language" provider add --cont
  claim "$shell offers the values that an option can have" offers in_$shell "nl en" provider add --contact-language ""
  claim "$shell offers no option again that can be given once" offers in_$shell \
    "--country --contact-name" provider add --contact-email a@b.example --city Utrecht --contact-phone 1 --contact-language nl --co
  claim "$shell leaves files to be offered" offers in_$shell "$files" submit ""
  claim "$shell bears words that are no command" offers in_$shell "$files" nothing of ours -
done
claims_end
