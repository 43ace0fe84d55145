// npm run bench [-- PART...]: measures the parts (all of them unless named), keeps their figures in bench/results/PART.json
// and writes bench/RESULTS.md from all that are kept. `-- --against COMMIT [WORD...]` compares with the program of that commit, in turns.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { buildBundle, bundleIsFresh } from '../scripts/host/bundle.ts'
import { measureAgainst } from './against.ts'
import { parts, readPeer } from './parts.ts'
import { type Kept, page, section, taken } from './report.ts'
import { besideYardstick } from './yardstick.ts'

const here = import.meta.dirname
const asked = process.argv.slice(2)
if (asked[0] === '--against') {
  if (!bundleIsFresh()) await buildBundle()
  process.stdout.write(await measureAgainst(asked[1] ?? 'HEAD', asked.slice(2)))
  process.exit(0)
}
for (const name of asked) if (!parts[name]) throw new Error(`no part ${name}; there are ${Object.keys(parts).join(', ')}`)
const peer = readPeer(join(here, 'peer.json'))
const fileOf = (name: string) => join(here, 'results', `${name}.json`)
if (!bundleIsFresh()) await buildBundle()

for (const [name, part] of Object.entries(parts)) {
  if (asked.length && !asked.includes(name)) continue
  const missing = part.missing?.() ?? null
  if (missing) {
    process.stderr.write(`${name} is left out: ${missing}\n`)
    continue
  }
  process.stderr.write(`${name}\n`)
  const kept: Kept = { ...taken(), rows: await besideYardstick(() => part.measure(peer.figures)) }
  writeFileSync(fileOf(name), `${JSON.stringify(kept, null, 2)}\n`)
  process.stdout.write(section(part, kept))
}
const sections = Object.entries(parts).flatMap(([name, part]) =>
  existsSync(fileOf(name)) ? [section(part, JSON.parse(readFileSync(fileOf(name), 'utf8')))] : [],
)
writeFileSync(join(here, 'RESULTS.md'), page(sections, readFileSync(join(here, 'NOTES.md'), 'utf8'), peer.what))
// Kept connections of the load must not hold the process.
process.exit(0)
