// Every persona against every operation of a service, by a table that is kept apart from the rules: a rule that says something else is noticed.
import http from 'node:http'
import type { Operation } from '../api/operation.ts'
import type { Policy } from '../auth/policy.ts'
import { askAs } from './answered.ts'
import { type PersonaName, readers } from './personas.ts'

export interface MatrixRequest {
  /** Below the cloud's address: `/compute/v2.1/servers`. */
  path: string
  body?: object | string
  headers?: Record<string, string>
}
export interface MatrixAnswer {
  status: number
  text: string
}

export interface Matrix {
  url: string
  operations: readonly Operation[]
  personas: readonly PersonaName[]
  mayDo(operation: Operation): readonly PersonaName[] | undefined
  token(name: PersonaName, operation: Operation): Promise<string | null>
  /** `fresh`: on a row of its own, for what takes it away. */
  requestFor(operation: Operation, fresh: boolean): Promise<MatrixRequest>
  /** Whether the answer is the service's way to say no; null where it is the same to all. */
  isRefused(answer: MatrixAnswer, operation: Operation, name: PersonaName, path: string): boolean | null
  /** What is wrong with the answer to somebody who may, beyond a refusal; of what reads, that its row was not found. */
  fault?(answer: MatrixAnswer, operation: Operation, name: PersonaName, path: string): string | null
}

/** Who may, by rule and by operation, as a table has it: names of rules separated by blanks. */
export function whoMay(
  prefix: string,
  byRule: [who: readonly PersonaName[], rules: string][],
  byOperation: Record<string, readonly PersonaName[]> = {},
) {
  const rules = new Map<string, readonly PersonaName[]>()
  for (const [who, names] of byRule) {
    for (const name of names.trim().split(/\s+/)) {
      if (rules.has(prefix + name)) throw new Error(`${name} stands twice in the table`)
      rules.set(prefix + name, who)
    }
  }
  return (operation: Pick<Operation, 'id' | 'policy'>) =>
    byOperation[operation.id] ?? (operation.policy ? rules.get(operation.policy.name) : undefined)
}

/** What reads first, then what changes, then what takes away, the deepest rows first. */
export const order = ({ method, path }: Operation) =>
  method === 'GET' || method === 'HEAD' ? 0 : method === 'DELETE' ? 200 - path.split('/').length : 100

/** That the row of the path is said not to be there (or the one that it is in: `outer`); 404 of something that a row has not got is no refusal. */
function isHidden({ status, text }: MatrixAnswer, { path, on, method }: Operation, asked: string, outer?: RegExp): boolean {
  if (status !== 404) return false
  if (!on || method === 'HEAD' || outer?.test(text)) return true
  const pattern = path.replace(/\{([^}*]+)\*?\}/g, (_, name) => (name === on.param ? '([^/?]+)' : '[^/?]+'))
  const id = new RegExp(`${pattern}(\\?.*)?$`).exec(asked)?.[1]
  return id === undefined || text.includes(on.missing(decodeURIComponent(id)))
}

/**
 * How compute, networking and images say no. Who belongs to the project is told so; to others its rows are not there, as if they had never
 * been. What has no row, or shows none to those who may not, refuses everybody in the same words.
 */
export function isRefusal(answer: MatrixAnswer, operation: Operation, name: PersonaName, path: string, outer?: RegExp): boolean {
  if (name === 'nobody') return answer.status === 401
  const told = !operation.on || operation.on.hidden || readers.includes(name)
  return (told && answer.status === 403) || ((!told || !operation.on) && isHidden(answer, operation, path, outer))
}

/** Asks everything as everybody; gives a sentence for each answer that is not as the table has it. */
export async function tryPersonas(matrix: Matrix): Promise<{ wrong: string[]; asked: number }> {
  using _asker = askAs('personas')
  const { personas } = matrix
  const wrong: string[] = []
  let asked = 0
  for (const operation of matrix.operations.toSorted((a, b) => order(a) - order(b))) {
    const allowed = matrix.mayDo(operation)
    if (!allowed) {
      wrong.push(`${operation.id} (${operation.policy?.name}): the table does not say who may`)
      continue
    }
    const one = async (name: PersonaName, may: boolean) => {
      const { path, body, headers } = await matrix.requestFor(operation, may && operation.method === 'DELETE')
      const token = await matrix.token(name, operation)
      const answer = await plainRequest(
        matrix.url + path,
        operation.method,
        { ...headers, ...(token === null ? {} : { 'x-auth-token': token }) },
        body,
      )
      asked++
      const refused = matrix.isRefused(answer, operation, name, path)
      const broken = answer.status >= 500 && answer.status !== 501
      const fault = may ? matrix.fault?.(answer, operation, name, path) : null
      if (refused === may || broken || fault)
        wrong.push(
          `${operation.id}: ${name} ${operation.method} ${path}: ${answer.status}, ${may ? 'allowed' : 'refused'}; ${fault ?? ''} ${answer.text.replaceAll(/\s+/g, ' ').slice(0, 200)}`,
        )
    }
    // Those who may not first, all at once: nothing changes by them.
    await Promise.all(personas.filter((name) => !allowed.includes(name)).map((name) => one(name, false)))
    const able = personas.filter((name) => allowed.includes(name))
    if (order(operation) === 0) await Promise.all(able.map((name) => one(name, true)))
    else for (const name of able) await one(name, true)
  }
  return { wrong, asked }
}

/** The names of the rules that are asked from now on: one that nothing asks is changed by an operator in vain. */
export function askedRules(policy: Policy): Set<string> {
  const names = new Set<string>()
  const { allows } = policy
  policy.allows = (name, credentials, target) => {
    names.add(name)
    return allows(name, credentials, target)
  }
  return names
}

// biome-ignore lint/suspicious/noExplicitAny: schemas and answers of any operation
type Any = any

/** How rows are made, by the parameter that names them, and by the start of the path where that matters. The first that fits counts. */
export type RowMakers = [param: string, path: string, make: () => Promise<string>][]

/**
 * Gives the path of an operation with rows in it: always the same ones (`first` has those that are there already, by parameter), or with
 * `fresh` a new one for the last parameter. Throws for a parameter that no maker is for.
 */
export function paths(makers: RowMakers, first: Record<string, string> = {}): (operation: Operation, fresh: boolean) => Promise<string> {
  const known = new Map<string, Promise<string>>()
  const row = (path: string, param: string, fresh: boolean) => {
    const found = makers.find(([name, where]) => name === param && path.startsWith(where))
    if (!found) throw new Error(`no row for {${param}} of ${path}`)
    const [, where, make] = found
    if (fresh) return make()
    if (first[param] && !where) return Promise.resolve(first[param])
    const key = `${param} ${where}`
    if (!known.has(key)) known.set(key, make())
    return known.get(key)!
  }
  return async ({ path, on }, fresh) => {
    const params = [...path.matchAll(/\{([^}*]+)\*?\}/g)].map((match) => match[1]!)
    let filled = path
    for (const param of params) {
      const id = await row(path, param, fresh && param === params.at(-1) && (!on || on.param === param))
      filled = filled.replace(new RegExp(`\\{${param}\\*?\\}`), id)
    }
    return filled
  }
}

let count = 0
/** A name that nothing has yet. */
export const freshName = (): string => `made-${++count}`

const texts = ['x', 'x1', '1', 'made', '2099-01-01T00:00:00Z', '00000000-0000-0000-0000-000000000001', 'http://x', '/x', 'a@b']

/** The least that a schema takes; `known` has values by property name. */
export function exampleOf(schema: Any, known: Record<string, unknown>, name = ''): Any {
  if (Object.hasOwn(known, name)) return known[name]
  if (schema.const !== undefined) return schema.const
  if (schema.enum) return schema.enum[0]
  const one = schema.anyOf ?? schema.oneOf
  if (one) return exampleOf(one[0], known, name)
  if (schema.allOf) return Object.assign({}, ...schema.allOf.map((part: Any) => exampleOf(part, known, name)))
  if (schema.type === 'object' || schema.properties) {
    const properties = Object.entries((schema.properties ?? {}) as Record<string, Any>)
    const wanted = new Set<string>(schema.required ?? [])
    for (const [key] of properties) if (Object.hasOwn(known, key)) wanted.add(key)
    for (const [key] of properties) if (wanted.size < (schema.minProperties ?? 0)) wanted.add(key)
    return Object.fromEntries(properties.filter(([key]) => wanted.has(key)).map(([key, part]) => [key, exampleOf(part, known, key)]))
  }
  if (schema.type === 'array') return schema.minItems ? [exampleOf(schema.items, known)] : []
  if (schema.type === 'integer' || schema.type === 'number') return schema.minimum ?? 1
  if (schema.type === 'boolean') return true
  if (schema.type === 'null') return null
  if (name === 'name' || name === 'username') return freshName()
  const text = texts.find(
    (candidate) => candidate.length >= (schema.minLength ?? 0) && (!schema.pattern || new RegExp(schema.pattern).test(candidate)),
  )
  return text ?? 'x'.repeat(schema.minLength ?? 1)
}

const agent = new http.Agent({ keepAlive: true, maxSockets: 16 })

/** A request without what fetch costs; gives status and text. A body of text goes as it is. */
export function plainRequest(url: string, method: string, headers: Record<string, string>, body?: object | string): Promise<MatrixAnswer> {
  return new Promise((resolve, reject) => {
    const raw = body === undefined ? undefined : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
    const more = raw ? { 'content-type': 'application/json', 'content-length': String(raw.length) } : {}
    const request = http.request(url, { method, agent, headers: { ...more, ...headers } }, (answer) => {
      let text = ''
      answer.setEncoding('utf8')
      answer.on('data', (part) => {
        text += part
      })
      answer.on('end', () => resolve({ status: answer.statusCode!, text }))
    })
    request.on('error', reject)
    request.end(raw)
  })
}
