// What every operation refuses by its declaration: a row that is not there, a body and a query that its schemas do not take. Asked of all
// operations by somebody who may, so that what refuses is the operation.
import type { Operation } from '../api/operation.ts'
import { schemaCheck, validator } from '../api/validate.ts'
import { askAs } from './answered.ts'
import { type Matrix, type MatrixRequest, plainRequest } from './persona-matrix.ts'

export type FaultMatrix = Pick<Matrix, 'url' | 'operations' | 'mayDo' | 'token' | 'requestFor'> & {
  /** Statuses of what is answered otherwise, and rightly: `[/^quotas\.show: no such project_id/, [200]]`. */
  otherwise?: readonly [name: RegExp, statuses: readonly number[]][]
}

interface Case {
  what: string
  request: MatrixRequest
  expected: readonly number[]
}

/** An id that no row has. */
const unknown = '00000000-0000-4000-8000-00000000dead'

/** Asks each operation for all that it must refuse; gives a sentence for each answer that is another, and for each exception that is none. */
export async function tryDeclaredFaults(matrix: FaultMatrix): Promise<{ wrong: string[]; asked: number }> {
  using _asker = askAs('faults')
  const wrong: string[] = []
  const used = new Set<RegExp>()
  let asked = 0
  for (const operation of matrix.operations) {
    const [somebody] = matrix.mayDo(operation) ?? []
    if (!somebody) continue
    const token = await matrix.token(somebody, operation)
    const good = await matrix.requestFor(operation, false)
    const ask = async ({ what, request, expected }: Case) => {
      const { path, body, headers } = request
      const answer = await plainRequest(
        matrix.url + path,
        operation.method,
        { ...headers, ...(token === null ? {} : { 'x-auth-token': token }) },
        body,
      )
      asked++
      const name = `${operation.id}: ${what}`
      const [exception, otherwise] = matrix.otherwise?.find(([names]) => names.test(name)) ?? []
      if (exception) used.add(exception)
      // What is not built says so before it looks at anything.
      if (!(otherwise ?? [...expected, 501]).includes(answer.status))
        wrong.push(
          `${name}: ${operation.method} ${path} ${JSON.stringify(body)?.slice(0, 200)}: ${answer.status} ${answer.text.slice(0, 200)}`,
        )
    }
    await Promise.all([...missingRows(operation, good), ...wrongBodies(operation, good), ...wrongQueries(operation, good)].map(ask))
  }
  for (const [names] of matrix.otherwise ?? []) if (!used.has(names)) wrong.push(`${names}: nothing asks that`)
  return { wrong, asked }
}

/** Each row of the path in turn is another. */
function missingRows({ path, method, on }: Operation, good: MatrixRequest): Case[] {
  const params = [...path.matchAll(/\{([^}*]+)\*?\}/g)].map((match) => match[1]!)
  // What is named and not found may be made by the operation; a row that it acts on may not.
  const rows = params.filter((param, index) => param === on?.param || index < params.length - 1 || method === 'GET' || method === 'DELETE')
  return rows.map((param) => {
    const pattern = path
      .replace(/[.+*?^$()|[\]\\]/g, '\\$&')
      .replace(/\{([^}]+?)(?:\\\*)?\}/g, (_, name) => (name === param ? '(?<row>[^/?]+)' : '[^/?]+'))
    const found = new RegExp(`${pattern}(?:\\?.*)?$`, 'd').exec(good.path)
    if (!found) throw new Error(`${good.path} is no ${path}`)
    const [from, to] = found.indices!.groups!.row!
    return {
      what: `no such ${param}`,
      request: { ...good, path: good.path.slice(0, from) + unknown + good.path.slice(to) },
      expected: [404],
    }
  })
}

/** Instead of any value: one of each kind. */
const others: unknown[] = [{ 'no such field': 1 }, [{}], 'no such value\u0000', -1.5, true, null]

/** Nothing; what is no JSON; another kind; and each field down to those of the thing itself: left out, of another kind; and one too many. */
function wrongBodies({ body: schema, input, action }: Operation, good: MatrixRequest): Case[] {
  if (!schema || input === 'stream' || typeof good.body === 'string') return []
  const refuses = schemaCheck(schema)
  const cases: Case[] = []
  const add = (what: string, body: unknown) => {
    if (refuses(structuredClone(body)) || (action && !Object.hasOwn(Object(body), action))) return
    cases.push({ what, request: { ...good, body: body as object }, expected: [400] })
  }
  const spoil = (value: unknown, place: string, put: (changed: unknown) => unknown, depth: number): void => {
    for (const other of others) add(`${place || 'the body'} is ${JSON.stringify(other)}`, put(other))
    if (depth > 2 || value === null || typeof value !== 'object' || Array.isArray(value)) return
    const fields = value as Record<string, unknown>
    add(`one field too many in ${place || 'the body'}`, put({ ...fields, 'no such field': 1 }))
    for (const [name, field] of Object.entries(fields)) {
      const { [name]: _, ...left } = fields
      add(`${place}${name} is left out`, put(left))
      spoil(field, `${place}${name}.`, (changed) => put({ ...fields, [name]: changed }), depth + 1)
    }
  }
  spoil(good.body, '', (changed) => changed, 0)
  // A string goes as it is.
  for (const [what, text] of [
    ['nothing', ''],
    ['no JSON', '{"a":'],
    ['bytes that are no text', '\u0000'],
  ] as const)
    if (!action || text) cases.push({ what: `the body is ${what}`, request: { ...good, body: text }, expected: [400] })
  return cases.filter(({ request: { body } }) => typeof body === 'string' || (body !== null && typeof body === 'object'))
}

const texts = ['x', '-1', '', 'no such value', '{}']

/** Each parameter that does not take any text. */
function wrongQueries({ query }: Operation, good: MatrixRequest): Case[] {
  const parts = Object.entries((query?.properties ?? {}) as Record<string, object>)
  return parts.flatMap(([name, part]) => {
    const check = validator({ type: 'object', properties: { [name]: part } }, true)
    const takes = (text: string) => {
      try {
        check.check({ [name]: (part as { type?: string }).type === 'array' ? [text] : text }, 'query')
        return true
      } catch {
        return false
      }
    }
    const text = texts.find((one) => !takes(one))
    if (text === undefined) return []
    // Before what is there: of two the first counts.
    const [path, rest] = good.path.split('?')
    const asked = `${encodeURIComponent(name)}=${encodeURIComponent(text)}`
    return [{ what: `?${name}=${text}`, request: { ...good, path: `${path}?${asked}${rest ? `&${rest}` : ''}` }, expected: [400] }]
  })
}
