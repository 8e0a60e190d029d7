# From lines of an access log to a JSON object.
#   client - user [time] "METHOD path PROTOCOL" status bytes seconds

# Everything up to the quoted request must look as it should.
!/^[^ ]+ [^ ]+ [^ ]+ \[[^]]+\] "[A-Z]+ [^ ]+ [^"]+" [0-9][0-9][0-9] [0-9-]+ [0-9.]+$/ {
  broken++
  next
}

{
  client = $1
  path = $7
  sub(/\?.*/, "", path)
  status = $9
  requests++
  bytes += $10
  per_status[status]++
  per_path[path]++
  if ($11 + 0 > slowest[path] + 0) slowest[path] = $11
  if (status >= 400) {
    errors_of[client]++
    print > errors
  }
}

BEGIN { printf "" > errors }

END {
  printf "{\"requests\": %d, \"broken_lines\": %d, \"bytes\": %d", requests, broken, bytes
  printf ", \"status\": "; object(per_status)
  printf ", \"paths\": "; object(per_path)
  printf ", \"slowest_seconds\": "; object(slowest)
  printf ", \"errors_by_client\": "; object(errors_of)
  print "}"
}

# Print an array as a JSON object, its keys sorted: awk itself keeps them in no order.
function object(array,    key, keys, count, i, j, held) {
  count = 0
  for (key in array) keys[++count] = key
  for (i = 2; i <= count; i++) {
    held = keys[i]
    for (j = i - 1; j >= 1 && keys[j] > held; j--) keys[j + 1] = keys[j]
    keys[j + 1] = held
  }
  printf "{"
  for (i = 1; i <= count; i++) printf "%s%s: %s", (i > 1 ? ", " : ""), quoted(keys[i]), array[keys[i]] + 0
  printf "}"
}

function quoted(text) {
  gsub(/\\/, "\\\\", text)
  gsub(/"/, "\\\"", text)
  return "\"" text "\""
}
