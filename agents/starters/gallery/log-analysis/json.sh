# The one thing this agent needs from JSON: a text field of an object.

# json_text NAME <object: print the text of that field, its escapes resolved; nothing if there is none.
json_text() {
  awk -v name="$1" '
    { json = json $0 "\n" }
    END {
      # The name, a colon, and a string: quotes inside it are behind a backslash.
      if (!match(json, "\"" name "\"[ \t\n]*:[ \t\n]*\"([^\"\\\\]|\\\\.)*\"")) exit
      text = substr(json, RSTART, RLENGTH)
      sub("^\"" name "\"[ \t\n]*:[ \t\n]*\"", "", text)
      text = substr(text, 1, length(text) - 1)
      while (match(text, /\\./)) {
        printf "%s%s", substr(text, 1, RSTART - 1), plain(substr(text, RSTART + 1, 1))
        text = substr(text, RSTART + 2)
      }
      printf "%s", text
    }
    function plain(escape) {
      if (escape == "n") return "\n"
      if (escape == "t") return "\t"
      if (escape == "r") return "\r"
      return escape
    }
  '
}
