// The OpenAPI 3.1 document of a service's major version, derived from its declarations. Schemas are JSON Schema 2020-12 as they are.
import { Fault, type FaultDialect } from './faults.ts'
import { withComponents } from './openapi-components.ts'
import type { Operation } from './operation.ts'
import type { Major, ServiceDeclaration } from './service.ts'
import { dialectOf } from './xml/body.ts'

type Json = Record<string, unknown>

interface ObjectSchema {
  properties?: Record<string, Json>
  required?: string[]
}

/** The document of one major version: paths, schemas, rules and microversions (`x-openstack`). */
export function openapiDocument(service: ServiceDeclaration, major: Major): Json {
  const paths: Record<string, Record<string, Json>> = {}
  const places = new Map<string, Operation[]>()
  for (const operation of service.operations) {
    const majors = operation.majors ?? service.majors.map((m) => m.id)
    if (!majors.includes(major.id)) continue
    const place = `${operation.method} /${major.id}${operation.path === '/' ? '' : operation.path.replace('*}', '}')}`
    places.set(place, [...(places.get(place) ?? []), operation])
  }
  for (const [place, operations] of places) {
    const [method, path] = place.split(' ') as [string, string]
    paths[path] ??= {}
    paths[path][method === 'COPY' ? 'x-copy' : method.toLowerCase()] = operationObject(operations)
  }
  const shared = withComponents(Object.fromEntries(Object.entries(paths).sort(([a], [b]) => a.localeCompare(b))))
  return {
    openapi: '3.1.0',
    info: { title: `Nephos ${service.name}`, summary: service.description, version: major.max ?? major.id },
    servers: service.ports.slice(0, 1).map((port) => ({ url: `http://127.0.0.1:${port}` })),
    security: [{ token: [] }],
    paths: shared.paths,
    components: {
      securitySchemes: { token: { type: 'apiKey', in: 'header', name: 'X-Auth-Token' } },
      responses: { Fault: { description: 'What was wrong, in the envelope of this service.', content: faultContent(service.faults) } },
      ...(Object.keys(shared.schemas).length > 0 && { schemas: shared.schemas }),
    },
    ...versionFacts(service, major),
  }
}

/** Microversions, and the namespace of bodies in XML: their form follows from the JSON schemas. */
function versionFacts(service: ServiceDeclaration, major: Major): Json {
  const xml = dialectOf(service, major.id)
  if (!major.min && !xml) return {}
  return {
    'x-openstack': {
      ...(major.min && { 'min-ver': major.min, 'max-ver': major.max }),
      ...(xml && { 'xml-namespace': xml.namespace }),
    },
  }
}

/** What is at one path and method: one operation, or several told apart by the key of the body or by microversion. */
function operationObject(operations: Operation[]): Json {
  const [first] = operations as [Operation]
  const single = operations.length === 1 && first.action === undefined
  const bodies = operations.filter((operation) => operation.body)
  const statuses = new Map<number, Operation[]>()
  for (const operation of operations)
    for (const status of statusesOf(operation)) statuses.set(status, [...(statuses.get(status) ?? []), operation])
  const responses: Json = {}
  for (const [status, answering] of statuses) {
    const isBare = status === 204 || status === 304
    const answers = unique(answering.flatMap(({ answer }) => (answer && answer !== 'bytes' && !isBare ? [answer as Json] : [])))
    const hasBytes = !isBare && answering.some(({ answer }) => answer === 'bytes')
    responses[status] = {
      description: answering.map((o) => o.summary).join(' / '),
      ...((answers.length > 0 || hasBytes) && {
        content: { ...(answers.length > 0 && json(oneOf(answers))), ...(hasBytes && { '*/*': {} }) },
      }),
    }
  }
  for (const status of faultsOf(operations)) responses[status] = { $ref: '#/components/responses/Fault' }
  return {
    operationId: single ? first.id : first.action === undefined ? first.id : `${first.id.split('.')[0]}.action`,
    summary: single ? first.summary : operations.map((operation) => operation.summary).join(' / '),
    ...(operations.every((operation) => operation.auth === 'none') && { security: [] }),
    parameters: [...pathParameters(first.path.replace('*}', '}')), ...queryParameters(operations)],
    ...(bodies.length > 0 && { requestBody: { required: true, content: json(oneOf(bodies.map(bodySchema)), mediaTypes(operations)) } }),
    ...(bodies.length === 0 && first.input === 'stream' && { requestBody: { content: { 'application/octet-stream': {} } } }),
    responses,
    'x-openstack': single ? facts(first) : { operations: operations.map(facts) },
  }
}

/** Success statuses, in all versions. */
const statusesOf = ({ status = 200, otherStatuses = [] }: Operation): number[] =>
  unique([...(typeof status === 'number' ? [status] : Object.values(status)), ...otherStatuses])

/** In which states it may be done, where that depends on them. */
function allowedStates({ allowed, event, on }: Operation): Json {
  const words = Array.isArray(allowed) ? allowed : Object.keys(allowed ?? {})
  if (words.length) return { 'allowed-states': words }
  const from = typeof event === 'string' ? on?.machine?.events[event]?.from : undefined
  if (!from) return {}
  const rows = Object.entries(from as Record<string, unknown[]>).reduce<Json[]>(
    (made, [column, values]) => made.flatMap((row) => values.map((value) => ({ ...row, [column]: value }))),
    [{}],
  )
  return { 'allowed-states': unique(rows.map((row) => on!.machine!.state(row as never))) }
}

const facts = (operation: Operation): Json => ({
  id: operation.id,
  ...(operation.action !== undefined && { 'action-name': operation.action }),
  ...(operation.policy && { policy: operation.policy.name }),
  ...(operation.quota && { quota: Object.keys(operation.quota) }),
  ...(operation.since && { 'min-ver': operation.since }),
  ...(operation.until && { 'max-ver': operation.until }),
  ...allowedStates(operation),
})

const bodySchema = ({ body, action, since, until }: Operation): Json => ({
  ...(body as Json),
  ...(action !== undefined && { title: action }),
  ...((action !== undefined || since || until) && {
    'x-openstack': {
      ...(action !== undefined && { 'action-name': action }),
      ...(since && { 'min-ver': since }),
      ...(until && { 'max-ver': until }),
    },
  }),
})

/** Statuses that the declarations imply. */
function faultsOf(operations: Operation[]): number[] {
  const any = (test: (operation: Operation) => unknown) => operations.some(test)
  return [
    ...(any((o) => o.body || o.query) ? [400] : []),
    ...(any((o) => o.auth !== 'none') ? [401] : []),
    ...(any((o) => o.policy) ? [403] : []),
    ...(any((o) => o.path.includes('{')) ? [404] : []),
    ...(any((o) => o.allowed || o.event || o.locked) ? [409] : []),
    ...(any((o) => o.body || o.input === 'stream') ? [413, 415] : []),
  ]
}

const pathParameters = (path: string): Json[] =>
  [...path.matchAll(/\{([^}]+)\}/g)].map(([, name]) => ({ name, in: 'path', required: true, schema: { type: 'string' } }))

function queryParameters(operations: Operation[]): Json[] {
  const found = new Map<string, Json>()
  for (const { query } of operations) {
    const { properties = {}, required = [] } = (query ?? {}) as ObjectSchema
    for (const [name, schema] of Object.entries(properties))
      found.set(name, { name, in: 'query', required: required.includes(name), schema })
  }
  return [...found.values()]
}

const mediaTypes = (operations: Operation[]) => [
  ...new Set(['application/json', ...operations.flatMap((operation) => operation.mediaTypes ?? [])]),
]
const json = (schema: unknown, types = ['application/json']): Json => Object.fromEntries(types.map((type) => [type, { schema }]))
const oneOf = (schemas: Json[]): Json => (schemas.length === 1 ? schemas[0]! : { anyOf: schemas })
const unique = <T>(items: T[]): T[] => [...new Set(items)]

/** The envelope, as an example made by the renderer itself. */
function faultContent(dialect: FaultDialect): Json {
  const { type, text } = dialect.render(new Fault(404, 'The resource could not be found.'), 'application/json')
  return { [type]: { example: type === 'application/json' ? (JSON.parse(text) as unknown) : text } }
}
