# Read a web server's access log and say what happened.
#
# Input   {"log": "…"}: lines in the combined format, with the seconds of each answer at the end
# Result  counts per status, the busiest paths, the slowest answers, and the clients with errors
# Files   out/errors.log: the lines of failed requests

source ./json.sh

main() {
  local log
  log=$(mktemp)
  json_text log >"$log"

  if [[ ! -s $log ]]; then
    echo 'the input has no "log", or it is empty' >&2
    return 2
  fi

  mkdir -p out
  awk -f report.awk -v errors=out/errors.log "$log" >"$RESULT_PATH"
  summary "$log"
}

# A few coloured lines for whoever watches.
summary() {
  local lines failed
  lines=$(wc -l <"$1")
  failed=$(wc -l <out/errors.log)
  printf '\e[1m%d lines read\e[0m\n' "$lines"
  if ((failed > 0)); then
    printf '\e[31m%d requests failed\e[0m, see out/errors.log\n' "$failed"
  else
    printf '\e[32mno request failed\e[0m\n'
  fi
}
