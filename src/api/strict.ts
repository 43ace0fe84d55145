// Answers against what their operations declare, in tests and where `check-answers` is set: an answer that does not fit is an error of
// ours, and is told as one instead of being sent.
import { Readable } from 'node:stream'
import type { ValidateFunction } from 'ajv'
import type { Exchange } from './exchange.ts'
import { whole } from './long-list.ts'
import { type Operation, Reply } from './operation.ts'
import { Poured } from './poured.ts'
import { schemaCheck } from './validate.ts'
import { closed, type Form } from './versions.ts'

/** A query whose parameters may only be read by names that the operation declares. */
export class DeclaredQuery extends URLSearchParams {
  readonly #declared: ReadonlySet<string>
  readonly #id: string
  constructor(search: URLSearchParams, { id, query }: Operation) {
    super(search)
    this.#id = id
    const { names, suffixes } = (query?.['x-comparisons'] ?? { names: [], suffixes: [] }) as Record<'names' | 'suffixes', string[]>
    this.#declared = new Set([
      ...Object.keys((query?.properties ?? {}) as object),
      ...names.flatMap((name) => suffixes.map((suffix) => `${name}__${suffix}`)),
    ])
  }
  #check(name: string): void {
    if (!this.#declared.has(name)) throw new Error(`${this.#id} reads the parameter ${name}, which it does not declare`)
  }
  override get(name: string) {
    this.#check(name)
    return super.get(name)
  }
  override getAll(name: string) {
    this.#check(name)
    return super.getAll(name)
  }
  override has(name: string) {
    this.#check(name)
    return super.has(name)
  }
}

/** Services whose answers are not declared yet. */
export const undeclared = new Set<string>(['compute'])

const checks = new WeakMap<Form, ValidateFunction>()

/** Gives the result once more, to be sent. Throws an error that names the operation and the field. */
export async function checkAnswer(exchange: Exchange, result: unknown): Promise<unknown> {
  const { prepared, place, request } = exchange
  const operation = exchange.operation!
  if (undeclared.has(exchange.served.service.name) && !prepared!.answer) return result
  const given = result instanceof Reply ? result : new Reply({ body: result as object })
  const status = given.status ?? prepared!.status(place)
  const wrong = (what: string) => new Error(`the answer of ${operation.id} ${what}`)
  if (status >= 400) return result
  const declared = [prepared!.status(place), ...(operation.otherStatuses ?? [])]
  if (!declared.includes(status)) throw wrong(`has the status ${status} and not ${declared.join(' or ')}`)
  if (request.method === 'HEAD') return result
  let { body } = given
  const type = Object.entries(given.headers).find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? 'application/json'
  if (typeof type !== 'string' || !/^application\/json(?:;|$)/.test(type) || operation.answer === 'bytes') return result
  if (body instanceof Readable) body = await textOf(body)
  if (Buffer.isBuffer(body)) body = body.toString()
  const isText = typeof body === 'string'
  const value = isText ? (JSON.parse(body as string) as unknown) : body && (await whole(body as object, () => {}))
  if (value === undefined || value === null) {
    if (prepared!.answer && status !== 204 && status < 300 && !operation.otherStatuses) throw wrong('has no body')
    return result
  }
  if (!prepared!.answer) throw wrong('has a body and none is declared')
  const form = prepared!.answer.at(place)
  const shown = JSON.parse(JSON.stringify(value)) as unknown
  form.cut?.(shown)
  const seen = JSON.parse(JSON.stringify(shown)) as unknown
  let check = checks.get(form)
  if (!check) {
    check = schemaCheck(closed(form.schema))
    checks.set(form, check)
  }
  if (!check(seen)) {
    const error = check.errors![0]!
    throw wrong(`does not fit: ${error.instancePath || 'the body'} ${error.message} ${JSON.stringify(error.params)}`)
  }
  return new Reply({ status: given.status, headers: given.headers, body: isText ? (body as string) : value })
}

async function textOf(body: Readable): Promise<string> {
  const pieces: Buffer[] = []
  if (body instanceof Poured) {
    await body.pour(async (piece) => void pieces.push(Buffer.from(piece)))
    body.destroy()
  } else for await (const piece of body) pieces.push(Buffer.from(piece as Buffer))
  return Buffer.concat(pieces).toString()
}
