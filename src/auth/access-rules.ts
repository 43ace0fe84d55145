// What a token by an application credential with access rules may be used for.
import type { AccessRuleRow } from './delegation-tables.ts'

/** `*` and `{name}` are one segment or a part of one, `**` at a segment's place is any number of them. */
export function matchesPath(pattern: string, path: string, keepsSlash = false): boolean {
  const segments = (text: string) => (keepsSlash ? text : text.replace(/\/+$/, '')).split('/')
  return matchSegments(segments(pattern), segments(path))
}

function matchSegments(pattern: string[], path: string[]): boolean {
  const [first, ...rest] = pattern
  if (first === undefined) return path.length === 0
  if (first === '**') {
    if (!rest.length) return path.length > 0
    return path.some((_, index) => matchSegments(rest, path.slice(index)))
  }
  return path.length > 0 && matchSegment(first.replace(/\{[^}]*\}/g, '*'), path[0]!) && matchSegments(rest, path.slice(1))
}

/** One segment, in which each `*` stands for some characters, at least one where it is all. */
function matchSegment(pattern: string, text: string): boolean {
  if (!pattern.includes('*')) return pattern === text
  if (!text) return false
  const parts = pattern.split('*')
  const [head, tail] = [parts[0]!, parts.at(-1)!]
  if (!text.startsWith(head) || !text.endsWith(tail) || text.length < head.length + tail.length) return false
  let at = head.length
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  return at <= text.length - tail.length
}

/** `path` as it is routed in a service of those types, without its prefix: `/v2.1/servers`. `keepsSlash` where one at its end is part of a name. */
export const isPermitted = (rules: AccessRuleRow[], types: string[], method: string, path: string, keepsSlash = false): boolean =>
  rules.some((rule) => types.includes(rule.service ?? '') && rule.method === method && matchesPath(rule.path ?? '', path, keepsSlash))
