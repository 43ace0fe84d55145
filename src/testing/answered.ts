// What tests ask of the cloud and what it answers, for the report at the end of `npm test` (scripts/test/operations.ts): each process of tests
// adds its part to the folder that NEPHOS_TEST_ANSWERS names.
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Metrics } from '../metrics.ts'

/** Who asks: a test that looks at the answer; every persona in turn; each declared fault in turn; dice. */
export type Asker = 'test' | 'personas' | 'faults' | 'dice'

const folder = process.env.NEPHOS_TEST_ANSWERS
const lines = new Set<string>()
let asker: Asker = 'test'

if (folder) process.on('exit', () => appendFileSync(join(folder, String(process.pid)), [...lines, ''].join('\n')))

/** Notes which operation answered with which status. */
export function recordAnswers({ metrics }: { metrics: Metrics }): void {
  const { request } = metrics
  metrics.request = (service, operation, status, ms) => {
    lines.add(`${asker} ${service} ${operation} ${status}`)
    request(service, operation, status, ms)
  }
}

/** Until its end, the answers are told as those to `who`: that an operation answers them says nothing of whether it does what it should. */
export function askAs(who: Asker): Disposable {
  const before = asker
  asker = who
  return {
    [Symbol.dispose]() {
      asker = before
    },
  }
}

/** Notes that tasks of that kind came to their end after each possible crash. */
export function recordCrashes(kind: string): void {
  lines.add(`crashes ${kind}`)
}
