// The key repository: numbered files as upstream's, 0 is staged, the highest is primary. Rotation makes the staged key
// primary and stages a new one, so a token outlives `keep - 2` rotations.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Random } from '../environment.ts'
import { type FernetKey, fernetKey } from './fernet.ts'

export interface KeyRepository {
  /** Primary first, then the others, newest first. */
  keys(): FernetKey[]
  rotate(): void
}

const keep = 3

export function openKeys(directory: string, random: Random): KeyRepository {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const path = (number: number) => join(directory, String(number))
  const numbers = () =>
    readdirSync(directory)
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      .sort((a, b) => b - a)
  const make = (number: number) => writeFileSync(path(number), random.bytes(32).toString('base64url'), { mode: 0o600, flush: true })
  if (!numbers().length) {
    make(1)
    make(0)
  }
  const load = () => numbers().map((number) => fernetKey(Buffer.from(readFileSync(path(number), 'utf8'), 'base64url')))
  let current = load()
  return {
    keys: () => current,
    rotate() {
      const highest = numbers()[0] ?? 0
      writeFileSync(path(highest + 1), readFileSync(path(0), 'utf8'), { mode: 0o600, flush: true })
      make(0)
      const old = numbers()
        .filter((number) => number > 0)
        .slice(keep - 1)
      for (const number of old) rmSync(path(number))
      current = load()
    },
  }
}
