// What a token by an application credential with access rules may be used for.
import type { AccessRuleRow } from './delegation-tables.ts'

/** `*` and `{name}` are one segment or a part of one, `**` at a segment's place is any number of them. */
export function matchesPath(pattern: string, path: string, keepsSlash = false): boolean {
  const segments = (text: string) => (keepsSlash ? text : text.replace(/\/+$/, '')).split('/')
  return matchSegments(segments(pattern), segments(path))
}

/** No path that names something has more: names of objects have 1024 bytes. */
const mostSegments = 1100

/** Goes on from all places that the pattern can have come to at once: trying them one after the other takes time without end for many `**`. */
function matchSegments(pattern: string[], path: string[]): boolean {
  if (path.length > mostSegments) return false
  let reached = new Uint8Array(path.length + 1)
  reached[0] = 1
  for (const [index, part] of pattern.entries()) {
    const next = new Uint8Array(path.length + 1)
    if (part === '**') {
      // At the end it is at least one segment.
      const from = reached.indexOf(1) + (index === pattern.length - 1 ? 1 : 0)
      next.fill(1, from)
    } else {
      const wanted = part.replace(/\{[^}]*\}/g, '*')
      for (let at = reached.indexOf(1); at >= 0 && at < path.length; at = reached.indexOf(1, at + 1))
        if (matchSegment(wanted, path[at]!)) next[at + 1] = 1
    }
    if (!next.includes(1)) return false
    reached = next
  }
  return reached[path.length] === 1
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
