// What is asked for: the body, which of the operations at that place it is for, and whether it fits that one's schemas.
import { parseJson, readBody as readBytes } from '../body.ts'
import type { Exchange } from '../exchange.ts'
import { badRequest, Fault, notBuilt, notFound } from '../faults.ts'
import type { Operation } from '../operation.ts'
import type { Route } from '../router.ts'
import { DeclaredQuery } from '../strict.ts'
import { bodyDialect, parseXmlBody, valueOfXml } from '../xml/body.ts'

/** Parameters of a query: each may be a condition that the database has to look at for every row. */
const mostParameters = 1000

/** The body as a value, where the operation does not take it as a stream. Throws 400, 408, 413 and 415. */
export function readBody(exchange: Exchange): void | Promise<void> {
  const { request } = exchange
  const { operations } = exchange.route as Route
  const first = [...operations.values()][0]![0]!
  const isSent = request.headers['transfer-encoding'] !== undefined || (request.headers['content-length'] ?? '0') !== '0'
  if (isSent && first.input !== 'stream') return take(exchange, first)
}

async function take(exchange: Exchange, first: Operation): Promise<void> {
  const { request, served, dialect } = exchange
  const bytes = await readBytes(request, served.cloud.config.maxBodyBytes)
  const xml = bodyDialect(dialect, request)
  if (xml) exchange.xmlBody = await parseXmlBody(bytes, xml)
  else exchange.body = parseJson(bytes, request.headers['content-type'], first.mediaTypes)
}

/** The operation: by the key of the body where they are actions, then by the version. */
export function chooseOperation(exchange: Exchange): void {
  const { served, body, xmlBody, place } = exchange
  const { operations, notBuiltActions } = exchange.route as Route
  let candidates = operations.get('')
  if (!candidates) {
    if (!xmlBody && (body === null || typeof body !== 'object')) throw badRequest('Malformed request body')
    const keys = xmlBody ? [xmlBody.name] : Object.keys(body as object)
    const action = keys.find((key) => operations.has(key))
    candidates = action === undefined ? undefined : operations.get(action)
    if (!candidates) {
      const named = keys[0] ?? ''
      if (notBuiltActions.has(named)) throw notBuilt(`The action ${named}`)
      throw badRequest(`There is no such action: ${named.slice(0, 60)}`)
    }
  }
  for (const operation of candidates) {
    const prepared = served.prepared(operation)
    if (place < prepared.since || place > prepared.until) continue
    exchange.operation = operation
    exchange.prepared = prepared
    return
  }
  throw notFound('The resource could not be found.')
}

/** What an XML body means, by the schema of the operation that it is for. */
export function understandXml(exchange: Exchange): void | Promise<void> {
  const { xmlBody, dialect, prepared, place } = exchange
  if (!xmlBody) return
  return valueOfXml(xmlBody, dialect!, prepared!.body?.forms.at(place).schema).then((value) => {
    exchange.body = value
  })
}

/** The query by its names. Throws 400 for what no query may hold. */
export function readQuery(exchange: Exchange): void {
  const { request, mark, served, prepared } = exchange
  const search = new URLSearchParams(mark < 0 ? '' : request.url!.slice(mark + 1))
  const mayHoldNul = served.service.requests?.mayHoldNul
  const query: Record<string, unknown> = {}
  if (search.size > mostParameters) throw badRequest(`The query has more than ${mostParameters} parameters.`)
  for (const [name, value] of search) {
    if ((value.includes('\0') && !mayHoldNul?.has(name)) || name.includes('\0'))
      throw badRequest('The query must not hold a NUL character.')
    if (prepared!.repeated.has(name)) query[name] = [...((query[name] as string[] | undefined) ?? []), value]
    else if (!(name in query) && name !== '__proto__') query[name] = value
  }
  exchange.search = served.cloud.config.checkAnswers ? new DeclaredQuery(search, exchange.operation!) : search
  exchange.query = query
}

/** Query and body against their schemas. What is wrong with them is kept: policy speaks first. */
export function validate(exchange: Exchange): void {
  const { served, major, place, query } = exchange
  const prepared = exchange.prepared!
  try {
    if (prepared.query) {
      prepared.query.check(place).check(query, 'query')
      // Unlike a body, a query may hold what is unknown: parameters of later versions are among that.
      prepared.query.forms.at(place).strip?.(query)
    }
    if (!prepared.body) return
    if (exchange.body === undefined) throw badRequest('Malformed request body: a body is needed.')
    const isLenient = served.lenientIds.has(major)
    const body = isLenient ? prepared.lenientBody! : prepared.body
    const { strip, rename } = body.forms.at(place)
    // Fields of later versions are let pass there, so their schemas do not hold: nobody is to read them.
    if (isLenient) strip?.(exchange.body)
    body.check(place).check(exchange.body, 'body')
    rename?.(exchange.body)
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    exchange.invalid = error
  }
}
