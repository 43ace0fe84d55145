# The part of #cloud-config that small guests need: hostname, password, chpasswd.list, ssh_authorized_keys, runcmd, write_files.
# Prints 'key<TAB>value' lines in the order of the file; backslash and newline are written \\ and \n.
function indent(s) { match(s, /^ */); return RLENGTH }
function trim(s) { sub(/^[ \t]+/, "", s); sub(/[ \t\r]+$/, "", s); return s }
function shown(s) { gsub(/\\/, "\\\\&", s); gsub(/\n/, "\\n", s); return s }
function quoted(s) { gsub(/'/, "'\\''", s); return "'" s "'" }
function scalar(s,   q) {
  s = trim(s)
  q = substr(s, 1, 1)
  if (q == "\"" && match(s, /^"([^"\\]|\\.)*"/)) {
    s = substr(s, 2, RLENGTH - 2)
    gsub(/\\n/, "\n", s); gsub(/\\"/, "\"", s); gsub(/\\\\/, "\\", s)
    return s
  }
  if (q == "'" && match(s, /^'([^']|'')*'/)) { s = substr(s, 2, RLENGTH - 2); gsub(/''/, "'", s); return s }
  sub(/[ \t]+#.*$/, "", s)
  return s
}
# A flow list [a, "b c"] as words of a shell command.
function words(s,   out, item) {
  s = trim(s); s = substr(s, 2)
  out = ""
  while (match(s, /^[ \t,]*("([^"\\]|\\.)*"|'([^']|'')*'|[^],]+)/)) {
    item = substr(s, 1, RLENGTH); s = substr(s, RLENGTH + 1)
    sub(/^[ \t,]+/, "", item)
    out = out (out == "" ? "" : " ") quoted(scalar(item))
  }
  return out
}
# The lines below line n that are indented deeper than `outer`, joined, without their common indentation.
function block(n, outer, fold,   own, out) {
  own = -1; out = ""
  for (n++; n <= NR; n++) {
    if (line[n] ~ /^[ \t]*$/) { out = out "\n"; continue }
    if (indent(line[n]) <= outer) break
    if (own < 0) own = indent(line[n])
    out = out substr(line[n], own + 1) (fold ? " " : "\n")
  }
  last = n - 1
  sub(/\n+$/, "\n", out)
  return out
}
function text(s, n, outer) {
  s = trim(s)
  last = n
  if (s ~ /^\|[-+]?$/ || s ~ /^>[-+]?$/) {
    s = block(n, outer, substr(s, 1, 1) == ">") (s ~ /-$/ ? "\001" : "")
    sub(/\n*\001$/, "", s)
    return s
  }
  return scalar(s)
}
function emit(key, value) { print key "\t" shown(value) }
{ sub(/\r$/, ""); line[NR] = $0 }
END {
  top = ""; files = -1
  for (n = 1; n <= NR; n++) {
    s = line[n]
    if (s ~ /^[ \t]*(#.*)?$/) continue
    if (s ~ /^[A-Za-z_]+:/) {
      top = s; sub(/:.*/, "", top)
      rest = s; sub(/^[A-Za-z_]+:/, "", rest)
      if (top == "hostname" || top == "fqdn" || top == "password") { emit(top, text(rest, n, 0)); n = last }
      else if (top == "ssh_authorized_keys" && trim(rest) ~ /^\[/) emit("ssh_authorized_keys", scalar(substr(trim(rest), 2)))
      continue
    }
    if (top == "chpasswd" && s ~ /^ +list:/) { rest = s; sub(/^ +list:/, "", rest); emit("chpasswd", text(rest, n, indent(s))); n = last; continue }
    if (s !~ /^ *- /) {
      if (top != "write_files" || files < 0) continue
      rest = s; outer = indent(s)
    } else {
      rest = s; sub(/^ *- */, "", rest)
      if (top == "ssh_authorized_keys") { emit(top, text(rest, n, indent(s))); n = last; continue }
      if (top == "runcmd") { emit(top, rest ~ /^\[/ ? words(rest) : text(rest, n, indent(s))); if (rest !~ /^\[/) n = last; continue }
      if (top != "write_files") continue
      files++
      match(s, /^ *- */); outer = RLENGTH
    }
    rest = trim(rest)
    key = rest; sub(/:.*/, "", key)
    sub(/^[A-Za-z_]+:/, "", rest)
    emit("write_files." files "." key, text(rest, n, outer)); n = last
  }
}
