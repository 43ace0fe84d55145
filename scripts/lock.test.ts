// npm ci refuses a lock file that names packages it does not hold, as one made against an incomplete registry does.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'

interface Locked {
  version?: string
  dependencies?: Record<string, string>
  optionalDependencies?: Record<string, string>
  devDependencies?: Record<string, string>
}
const { packages } = JSON.parse(readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8')) as {
  packages: Record<string, Locked>
}

/** Where `name` is found from the package at `path`: beside it, or in a folder above. */
function locate(path: string, name: string): string | undefined {
  for (let at = path; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
    const found = `${at ? `${at}/` : ''}node_modules/${name}`
    if (packages[found]) return found
    if (!at) return undefined
  }
}

test('every package that the lock file names is in it', () => {
  const missing = Object.entries(packages).flatMap(([path, locked]) =>
    Object.keys({ ...locked.dependencies, ...locked.optionalDependencies, ...locked.devDependencies })
      .filter((name) => !locate(path, name))
      .map((name) => `${path || 'package.json'} names ${name}`),
  )
  assert.deepEqual(missing, [])
})

test('versions are exact', () => {
  const root = packages['']!
  for (const version of Object.values({ ...root.dependencies, ...root.devDependencies })) assert.match(version, /^\d+\.\d+\.\d+/)
})
