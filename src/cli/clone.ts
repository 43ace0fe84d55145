// Where this clone is, from the sources as from the bundle (whose chunks lie one folder deeper).
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** The nearest folder above that holds bin/nephos. */
export function cloneFolder(): string {
  for (let at = import.meta.dirname; ; at = dirname(at)) {
    if (existsSync(join(at, 'bin/nephos'))) return at
    if (at === dirname(at)) throw new Error(`there is no bin/nephos above ${import.meta.dirname}`)
  }
}

export const nephosProgram = (): string => join(cloneFolder(), 'bin/nephos')

/** This program again, as it runs now: from the bundle or from the sources. */
export const thisProgram = (): string[] => [process.execPath, ...process.execArgv, process.argv[1]!]
