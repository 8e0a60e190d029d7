# Say here what this agent does.

# The input arrives as JSON on standard input; what is written to $RESULT_PATH is the result.
main() {
  local input
  input=$(cat)
  echo "Hello from Bash ${BASH_VERSION%%.*}!"
  printf '{"received": %s}\n' "$input" >"$RESULT_PATH"
}
