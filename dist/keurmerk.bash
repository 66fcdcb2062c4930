# bash completion for keurmerk: the program itself tells what may follow; where it has nothing to say, files are offered.
_keurmerk() {
  local IFS=$'\n'
  COMPREPLY=($("${COMP_WORDS[0]}" --complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o bashdefault -o default -F _keurmerk keurmerk
