# Flattens JSON: one line a leaf, 'path<TAB>value', names joined by dots. In both, backslash and newline are written \\ and \n
# (what printf %b undoes).
function fail() { exit 1 }
function token(   t) {
  if (!match(rest, /^[ \t\r\n]*("([^"\\]|\\.)*"|[][{}:,]|[^][{}:, \t\r\n"]+)/)) fail()
  t = substr(rest, 1, RLENGTH)
  rest = substr(rest, RLENGTH + 1)
  sub(/^[ \t\r\n]+/, "", t)
  return t
}
function hex(digits,   i, n) {
  n = 0
  for (i = 1; i <= length(digits); i++) n = n * 16 + index("0123456789abcdef", tolower(substr(digits, i, 1))) - 1
  return n
}
function utf8(code) {
  if (code < 128) return sprintf("%c", code)
  if (code < 2048) return sprintf("%c%c", 192 + int(code / 64), 128 + code % 64)
  if (code < 65536) return sprintf("%c%c%c", 224 + int(code / 4096), 128 + int(code / 64) % 64, 128 + code % 64)
  return sprintf("%c%c%c%c", 240 + int(code / 262144), 128 + int(code / 4096) % 64, 128 + int(code / 64) % 64, 128 + code % 64)
}
function unquote(t,   out, at, c, code, low) {
  t = substr(t, 2, length(t) - 2)
  out = ""
  while ((at = index(t, "\\")) > 0) {
    out = out substr(t, 1, at - 1)
    c = substr(t, at + 1, 1)
    t = substr(t, at + 2)
    if (c == "n") out = out "\n"
    else if (c == "t") out = out "\t"
    else if (c == "r") out = out "\r"
    else if (c == "b" || c == "f") out = out " "
    else if (c == "u") {
      code = hex(substr(t, 1, 4)); t = substr(t, 5)
      if (code >= 55296 && code < 56320 && substr(t, 1, 2) == "\\u") {
        low = hex(substr(t, 3, 4)); t = substr(t, 7)
        code = 65536 + (code - 55296) * 1024 + low - 56320
      }
      out = out utf8(code)
    }
    else out = out c
  }
  return out t
}
function shown(s) { gsub(/\\/, "\\\\&", s); gsub(/\n/, "\\n", s); return s }
function value(path, depth,   t, key, i) {
  if (depth > 20) fail()
  t = token()
  if (t == "{") {
    t = token()
    while (t != "}") {
      if (t == ",") t = token()
      key = shown(unquote(t))
      if (token() != ":") fail()
      value(path (path == "" ? "" : ".") key, depth + 1)
      t = token()
    }
  } else if (t == "[") {
    i = 0
    while (!match(rest, /^[ \t\r\n]*\]/)) {
      value(path "." i++, depth + 1)
      if (match(rest, /^[ \t\r\n]*,/)) token()
    }
    token()
  } else if (substr(t, 1, 1) == "\"") print path "\t" shown(unquote(t))
  else print path "\t" t
}
{ rest = rest $0 "\n" }
END { value("", 0) }
