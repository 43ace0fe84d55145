// What the tests of a whole run have not tried: operations that never did what they are for, that never refused anything, that the table of
// personas lacks, and tasks that no test kills. Those that are known are in untried.ts, with the reason; that list only gets shorter.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Operation } from '../../src/api/operation.ts'
import type { ServiceDeclaration } from '../../src/api/service.ts'
import type { Counts } from './suite.ts'
import { knownUntried } from './untried.ts'

/** What was asked and answered: see src/testing/answered.ts. */
export interface Tried {
  /** `test network ports.create 201` */
  answers: Set<string>
  /** Kinds of tasks. */
  crashes: Set<string>
}

export type Lack = 'success' | 'fault' | 'personas' | 'crashes'
/** By what is lacking: operation or kind of task, as `network ports.create`, and why. */
export type Untried = Record<Lack, Readonly<Record<string, string>>>

/** From now on the tests note their answers; `read` gives those of all, and ends it. */
export function recordTests(): { read(): Tried } {
  const folder = mkdtempSync(join(tmpdir(), 'nephos-answers-'))
  process.env.NEPHOS_TEST_ANSWERS = folder
  return {
    read() {
      delete process.env.NEPHOS_TEST_ANSWERS
      const lines = readdirSync(folder).flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n'))
      rmSync(folder, { recursive: true, force: true })
      return triedOf(lines)
    },
  }
}

export function triedOf(lines: readonly string[]): Tried {
  const crashes = lines.filter((line) => line.startsWith('crashes ')).map((line) => line.slice('crashes '.length))
  return { answers: new Set(lines), crashes: new Set(crashes) }
}

type Schema = { properties?: object; patternProperties?: object }
const hasProperties = (schema: Schema | undefined) => Object.keys({ ...schema?.properties, ...schema?.patternProperties }).length > 0

/** Whether it can refuse anything for another reason than who asks, which is the table of personas. */
const canRefuse = ({ path, body, query, input, on }: Operation) =>
  path.includes('{') || body !== undefined || hasProperties(query as Schema) || input !== undefined || on !== undefined

/** What was not tried, by what is lacking. */
export function untriedOf(services: readonly ServiceDeclaration[], { answers, crashes }: Tried): Record<Lack, string[]> {
  const statuses = new Map<string, { asker: string; status: number }[]>()
  for (const line of answers) {
    const [asker = '', service, operation, status] = line.split(' ')
    if (status === undefined) continue
    const name = `${service} ${operation}`
    statuses.set(name, [...(statuses.get(name) ?? []), { asker, status: Number(status) }])
  }
  const untried: Record<Lack, string[]> = { success: [], fault: [], personas: [], crashes: [] }
  for (const service of services) {
    for (const operation of service.operations) {
      const name = `${service.name} ${operation.id}`
      const seen = statuses.get(name) ?? []
      if (!seen.some(({ asker, status }) => asker === 'test' && status < 400)) untried.success.push(name)
      const refused = ({ asker, status }: (typeof seen)[number]) =>
        (asker === 'test' || asker === 'faults') && status >= 400 && status < 500 && status !== 401
      if (canRefuse(operation) && !seen.some(refused)) untried.fault.push(name)
      if (operation.policy && !seen.some(({ asker }) => asker === 'personas')) untried.personas.push(name)
    }
    for (const { kind } of service.tasks ?? []) if (!crashes.has(kind)) untried.crashes.push(`${service.name} ${kind}`)
  }
  return untried
}

const sentences: Record<Lack, string> = {
  success: 'no test sees it succeed',
  fault: 'no test sees it refuse anything',
  personas: 'it is asked for by no persona',
  crashes: 'no test kills it after each of its steps',
}

const lacks = Object.keys(sentences) as Lack[]

/** What is untried and not known as such. */
export const operationFaults = (untried: Record<Lack, string[]>, known: Untried): string[] =>
  lacks.flatMap((lack) => untried[lack].filter((name) => !Object.hasOwn(known[lack], name)).map((name) => `${name}: ${sentences[lack]}`))

/** What is known as untried and was tried: more is tried where more programs are installed, so it is told and is no fault. */
export const triedByNow = (untried: Record<Lack, string[]>, known: Untried): string[] =>
  lacks.flatMap((lack) =>
    Object.keys(known[lack])
      .filter((name) => !untried[lack].includes(name))
      .map((name) => `${name} (${lack})`),
  )

/** Says what is wrong, each fault as a failure. */
export async function tellUntried(tried: Tried): Promise<Counts> {
  const { services } = await import('../../src/services/index.ts')
  const untried = untriedOf(services, tried)
  const faults = operationFaults(untried, knownUntried)
  const now = triedByNow(untried, knownUntried)
  if (now.length) process.stdout.write(`  tried by now, and to leave scripts/test/untried.ts: ${now.join(', ')}\n`)
  const known = Object.values(knownUntried).reduce((sum, names) => sum + Object.keys(names).length, 0)
  for (const fault of faults) process.stdout.write(`  FAILED ${fault}\n`)
  process.stdout.write(`operations and tasks by what tests try of them: ${faults.length} faults, ${known} known as untried\n`)
  return { passed: faults.length ? 0 : 1, failed: faults.length, skipped: 0 }
}
