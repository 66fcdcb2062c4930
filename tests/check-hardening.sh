#!/bin/sh
# The program as it was linked: does it have the protections that configure asked for?
set -eu
. "${srcdir-.}/tests/claims.sh"
program=${KEURMERK-./keurmerk}
export LC_ALL=C

# Whole outputs first: a `grep -q` that stops reading would end readelf with an error.
headers=$(readelf -hlW "$program")
dynamic=$(readelf -dW "$program")
symbols=$(readelf -W --dyn-syms "$program")

has() {
  printf '%s\n' "$1" | grep -E "$2" >/dev/null
}

has_not() {
  ! printf '%s\n' "$1" | grep -E "$2"
}

claim "it is a position-independent executable" has "$headers" 'Type: +DYN \(Position-Independent Executable file\)'
claim "the relocated data become read-only" has "$headers" '^ +GNU_RELRO'
claim "everything is bound at start, so that those data are all of them" has "$dynamic" '(BIND_NOW|FLAGS_1.* NOW)'
claim "the stack is not executable" has "$headers" '^ +GNU_STACK.* RW +0x'
claim "no memory is both writable and executable" has_not "$headers" '^ +LOAD.* RWE'
claim "functions with arrays guard the stack" has "$symbols" '__stack_chk_fail'
case " ${CFLAGS--O2} " in
*" -O0 "* | *" -Og "*) optimised=no ;;
*" -O"*) optimised=yes ;;
*) optimised=no ;;
esac
if [ "$optimised" = yes ]; then
  claim "string functions check the size of what they fill" has "$symbols" '__(mem|str|sn?printf|vsn?printf)[a-z]*_chk'
else
  skip_claim "string functions check the size of what they fill" "built without optimisation"
fi
# A linker takes the first of two in silence, and the other's callers call the wrong one.
one_name_each() {
  folder=$(dirname "$program")
  rooms="$folder/libbase.a $folder/libkeys.a $folder/libregistry.a $folder/libbadge.a $folder/libwww.a"
  ! nm -g --defined-only $rooms | awk 'NF == 3 { print $3 }' | sort | uniq -d | grep .
}
claim "no two functions in the rooms have the same name" one_name_each
claim "no folder for libraries is built in" has_not "$dynamic" '\((RPATH|RUNPATH)\)'
claims_end
