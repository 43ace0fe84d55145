// The operations and examples of the API reference, which lies beside the repository (`../shared/api`) and is no part of it.
// Tests that use it say `{ skip: withoutReference }`: where the reference is absent they are skipped with one line.
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'

const root = new URL('../../../shared/api/', import.meta.url)

/** False where the reference is there, else why a test is skipped. */
export const withoutReference: string | false = existsSync(new URL('catalog.json', root))
  ? false
  : 'the API reference (../shared/api) is not beside the repository'

export interface Example {
  kind: 'request' | 'response'
  format: 'json' | 'xml' | 'text'
  title: string
  /** As it is printed. */
  text: string
  /** The JSON value; undefined for other formats. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into any example
  value: any
  /** Request or status line and headers, where they are printed. */
  http?: unknown
  /** True where the reference's text is broken at that place, so that fields may be missing, invented or misplaced. */
  doubtful: boolean
}

export interface ReferenceOperation {
  /** As in data/operations.json: `identity-v3.users.create-user`. */
  id: string
  service: string
  section: string
  title: string
  method: string
  /** With the version: `/v3/users/{user_id}`. */
  path: string
  action: string | null
  /** Documented codes of success, and of failure. */
  codes: number[]
  errorCodes: number[]
  /** Names of documented parameters by place. */
  parameters: { name: string; in: string; required: boolean | null }[]
  requests: Example[]
  responses: Example[]
}

interface CatalogRow extends Omit<ReferenceOperation, 'codes' | 'errorCodes' | 'parameters' | 'requests' | 'responses'> {
  normalCodes: number[]
  errorCodes: { codes: number[] }[]
  requestParams: ReferenceOperation['parameters']
  examples: {
    kind: 'request' | 'response'
    format: Example['format']
    title: string
    body: string
    parses?: boolean
    http?: unknown
    confidence?: string
  }[]
}

let rows: CatalogRow[] | null = null

/**
 * The operations whose id begins with `prefix` ("identity-v3", "image-v1.") or belongs to one of several, in the reference's order.
 * Empty where the reference is absent. Examples of a kind are in the order in which they are printed.
 */
export function referenceOperations(...prefixes: string[]): ReferenceOperation[] {
  if (withoutReference) return []
  rows ??= JSON.parse(readFileSync(new URL('catalog.json', root), 'utf8')) as CatalogRow[]
  return rows
    .filter(({ id }) => prefixes.some((prefix) => id === prefix || id.startsWith(/[.-]$/.test(prefix) ? prefix : `${prefix}.`)))
    .map(({ normalCodes, errorCodes, requestParams, examples, ...row }) => {
      const all = examples.map(
        ({ kind, format, title, body, http, confidence }): Example => ({
          kind,
          format,
          title,
          text: body,
          value: format === 'json' ? JSON.parse(body) : undefined,
          http,
          doubtful: confidence === 'low',
        }),
      )
      return {
        id: row.id,
        service: row.service,
        section: row.section,
        title: row.title,
        method: row.method,
        path: row.path,
        action: row.action,
        codes: normalCodes,
        errorCodes: errorCodes.flatMap(({ codes }) => codes),
        parameters: requestParams,
        requests: all.filter(({ kind }) => kind === 'request'),
        responses: all.filter(({ kind }) => kind === 'response'),
      }
    })
}

export interface Difference {
  /** Where: `user.links.self`, `users[].id`; '' is the whole body, `status` alone the status code. */
  path: string
  what: string
}

const typeOf = (value: unknown) => (value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value)
const below = (path: string, key: string) => (path ? `${path}.${key}` : key)

/**
 * How the shape of an answer differs from an example's: names that are missing, and other JSON types. Null fits every type, names
 * that only the answer has are no difference. Each element of an array must have what all elements of the example's array have.
 */
export function shapeDifferences(example: unknown, answer: unknown, path = ''): Difference[] {
  const [wanted, got] = [typeOf(example), typeOf(answer)]
  if (answer === undefined) return [{ path, what: 'missing' }]
  if (wanted === 'null' || got === 'null') return []
  if (wanted !== got) return [{ path, what: `${got} instead of ${wanted}` }]
  if (wanted === 'array') {
    const [examples, answers] = [example as unknown[], answer as unknown[]]
    if (!examples.length) return []
    if (!answers.length) return [{ path, what: 'empty' }]
    const found = new Map<string, Difference>()
    for (const one of answers) {
      // Elements may be of several kinds: the example that fits best is the one that counts.
      const tries = examples.map((each) => shapeDifferences(each, one, `${path}[]`)).sort((a, b) => a.length - b.length)
      for (const difference of tries[0]!) found.set(`${difference.path} ${difference.what}`, difference)
    }
    return [...found.values()]
  }
  if (wanted !== 'object') return []
  return Object.entries(example as object).flatMap(([key, value]) =>
    shapeDifferences(value, (answer as Record<string, unknown>)[key], below(path, key)),
  )
}

/**
 * Known deviations: operation id, then path of the difference, then the reason. The path may end with `*`: everything that begins so.
 * The path `status` is the status code.
 */
export type Deviations = Record<string, Record<string, string>>

const matches = (pattern: string, path: string) => (pattern.endsWith('*') ? path.startsWith(pattern.slice(0, -1)) : pattern === path)

/** Compares the answers of one test with the reference, and fails at the end for what is not listed, or listed and not so. */
export class Comparison {
  readonly #deviations: Deviations
  readonly #used = new Set<string>()
  readonly #seen = new Set<string>()
  readonly problems: string[] = []
  /** Answers compared with an example, and those of which only the code could be. */
  compared = 0
  codesOnly = 0

  constructor(deviations: Deviations = {}) {
    this.#deviations = deviations
  }

  /**
   * Notes how an answer differs from the reference: the code among the documented ones, the body's shape that of `example` (the first JSON
   * response unless given; null compares the code only).
   */
  add(
    operation: ReferenceOperation,
    answer: { status: number; body: unknown },
    example: unknown = operation.responses.find(({ format }) => format === 'json')?.value,
  ): void {
    this.#seen.add(operation.id)
    const differences: Difference[] = []
    if (operation.codes.length && !operation.codes.includes(answer.status))
      differences.push({ path: 'status', what: `${answer.status} instead of ${operation.codes.join(', ')}` })
    if (example === undefined || example === null || answer.status >= 400) this.codesOnly++
    else {
      this.compared++
      differences.push(...shapeDifferences(example, answer.body))
    }
    this.note(operation, differences)
  }

  /** Notes differences that were found in another way (XML, headers). */
  note(operation: ReferenceOperation, differences: Difference[]): void {
    this.#seen.add(operation.id)
    const known = Object.keys(this.#deviations[operation.id] ?? {})
    for (const { path, what } of differences) {
      const pattern = known.find((each) => matches(each, path))
      if (pattern === undefined) this.problems.push(`${operation.id} (${operation.section}): ${path || 'body'}: ${what}`)
      else this.#used.add(`${operation.id} ${pattern}`)
    }
  }

  /** Which of the operations were not compared. */
  missing(operations: ReferenceOperation[]): string[] {
    return operations.filter(({ id }) => !this.#seen.has(id)).map(({ id }) => id)
  }

  /** Fails with everything that is not as the reference or the list of deviations says. */
  end(): void {
    const stale = Object.entries(this.#deviations).flatMap(([id, paths]) =>
      Object.keys(paths)
        .filter((path) => !this.#used.has(`${id} ${path}`))
        .map((path) => `${id}: the deviation at ${path} is listed, but there is none`),
    )
    assert.deepEqual([...this.problems, ...stale], [])
  }
}
