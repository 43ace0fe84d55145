// Who may is decided by named rules, so that an operator's `policy.yaml` reaches it: what serves requests compares no role and asks for no
// administrator of its own.

const decisions: [pattern: RegExp, instead: string][] = [
  [/\.is_admin\b|\bis_admin\s*[,}]/, "a rule says who is an administrator: `isAdmin` of the service, or `allows('RULE')`"],
  [/\bcredentials\.roles\b/, 'rules look at roles, nothing else does'],
  [
    /\broles?\b.*\.(?:some|every|includes|find|filter|indexOf)\(.*['"](?:admin|manager|member|reader|service)['"]/,
    'what a role may is said by a rule: `allows`',
  ],
]

/** What is wrong with one file: `path:line: sentence`. */
export function roleFaults(path: string, source: string): string[] {
  if (!/^src\/(services|api)\//.test(path) || /\.test\.ts$|(^|\/)test(ing)?[^/]*\.ts$/.test(path)) return []
  return source.split('\n').flatMap((line, index) => {
    const code = line.replace(/^\s*(\/\/|\*|\/\*).*/, '')
    const found = decisions.find(([pattern]) => pattern.test(code))
    return found ? [`${path}:${index + 1}: ${found[1]}`] : []
  })
}
