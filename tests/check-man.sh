#!/bin/sh
# Does each command have a page in the manual, and do page and --help speak of the same options?
set -eu
. "${srcdir-.}/tests/claims.sh"
srcdir=${srcdir-.}
program=${KEURMERK-./keurmerk}
export LC_ALL=C

# "scheme add", "init": what `keurmerk --help` lists.
commands=$("$program" --help | sed -n 's/^  keurmerk \([a-z][a-z ]*[a-z]\).*$/\1/p' | sed 's/  .*//')
nouns=$(printf '%s\n' "$commands" | sed 's/ .*//' | uniq)

page_of() {
  echo "$srcdir/doc/keurmerk-${1%% *}.1"
}

# The long options in the --help of a command, one a line.
options_of() {
  "$program" $1 --help | sed -n 's/^  *\(-., \)\{0,1\}--\([a-z-]*\).*$/\2/p'
}

# Those that a page describes.
described_in() {
  sed -n 's/^\.It Fl \(. , Fl \)\{0,1\}-\([a-z-]*\).*$/\2/p' "$1"
}

shows_how_to_call() {
  grep -qx "\.Nm keurmerk $1" "$(page_of "$1")"
}

describes_all() {
  for option in $(options_of "$1"); do
    described_in "$(page_of "$1")" | grep -qx -e "$option" || {
      echo "--$option is not in $(page_of "$1")"
      return 1
    }
  done
}

# No page speaks of what is no longer there.
describes_no_other() {
  known=$(printf '%s\n' "$commands" | grep -x "$1\( .*\)\{0,1\}" | while read -r command; do options_of "$command"; done)
  for option in $(described_in "$(page_of "$1")"); do
    printf '%s\n' "$known" | grep -qx -e "$option" || {
      echo "there is no --$option in keurmerk $1"
      return 1
    }
  done
}

is_listed() {
  grep -qx "\.It Ic $1" "$srcdir/doc/keurmerk.1" && grep -q "^\.Xr keurmerk-$1 1" "$srcdir/doc/keurmerk.1"
}

claim "there are commands to speak of" test -n "$commands"
printf '%s\n' "$commands" >commands.list
while read -r command; do
  claim "the page of \`$command\` shows how to call it" shows_how_to_call "$command" </dev/null
  claim "the page of \`$command\` describes each of its options" describes_all "$command" </dev/null
done <commands.list
rm -f commands.list
for noun in $nouns; do
  claim "the page of \`$noun\` describes nothing that is not there" describes_no_other "$noun"
  claim "keurmerk(1) lists \`$noun\`" is_listed "$noun"
done
claims_end
