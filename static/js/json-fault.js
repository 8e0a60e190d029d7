// Where a JSON text breaks. Browsers tell it only sometimes, and each in its own words.
const SPACE = /[ \t\n\r]*/y, WORD = /true|false|null/y, NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const STRING = /"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;

/** The offset at which reading `text` as JSON stops; its length when it is JSON. */
export function faultAt(text) {
  let at = 0;
  const eat = pattern => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    at += found?.[0].length ?? 0;
    return found !== null;
  };
  const mark = character => { eat(SPACE); if (text[at] !== character) return false; at += 1; return true; };
  const rest = (close, item) => {
    do { if (!item()) return false; } while (mark(","));
    return mark(close);
  };
  const pair = () => { eat(SPACE); return eat(STRING) && mark(":") && value(); };
  const value = () => {
    if (mark("{")) return mark("}") || rest("}", pair);
    if (mark("[")) return mark("]") || rest("]", value);
    return eat(STRING) || eat(NUMBER) || eat(WORD);
  };
  if (value()) eat(SPACE);
  return at;
}
