# Function mode: read the entry, then call one function of it with the input on standard input.
# usage: function.sh ENTRY FUNCTION [ARGUMENT...]
__sandloft_function=$2
BASH_ARGV0=$1
exec 9<&0
__sandloft_entry=$1
shift 2
# shellcheck disable=SC1090
source "./$__sandloft_entry" "$@" </dev/null
if ! declare -F -- "$__sandloft_function" >/dev/null; then
  printf '%s has no function %s\n' "$__sandloft_entry" "$__sandloft_function" >&2
  exit 127
fi
exec 0<&9 9<&-
"$__sandloft_function" "$@"
