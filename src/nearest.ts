// What somebody may have meant by a word that there is none of.

/** Without what people mix up: case, dashes, underlines, the prefix of our variables. */
const plain = (word: string) =>
  word
    .replace(/^(--)?(NEPHOS_)?/i, '')
    .replace(/([a-z])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')

/** ` Did you mean X?` with the nearest of `names`, or with the few that share a word with it; empty where nothing is near. */
export function nearest(word: string, names: readonly string[]): string {
  const given = plain(word)
  if (!given) return ''
  const ranked = names.map((name) => ({ name, far: distance(given, plain(name)) })).sort((a, b) => a.far - b.far)
  const [best] = ranked
  const isWithin = (far: number) => best !== undefined && best.far <= far
  if (isWithin(1)) return ` Did you mean ${best!.name}?`
  const parts = given.split('-').filter((part) => part.length > 2)
  const shared = (name: string) => {
    const of = plain(name).split('-')
    return parts.filter((part) => of.some((other) => other === part || (part.length > 3 && distance(part, other) === 1))).length
  }
  const most = Math.max(0, ...names.map(shared))
  const found = most ? ranked.filter(({ name }) => shared(name) === most).slice(0, 3) : []
  const isShort = given.split('-').length < 2 && found.length > 0 // `port`: those that have it as a word, not `host`
  if (!isShort && isWithin(Math.min(3, Math.ceil(given.length / 3)))) return ` Did you mean ${best!.name}?`
  return found.length ? ` Did you mean ${found.map(({ name }) => name).join(' or ')}?` : ''
}

function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)))
    row = next
  }
  return row[b.length]!
}
