// The request path, in order: id, version, microversion, token, route, body, schema, target, policy, state, quota, handler, answer.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { isPermitted } from '../auth/access-rules.ts'
import type { Policy, PolicyTarget } from '../auth/policy.ts'
import { nobody, type Who } from '../auth/who.ts'
import type { Cloud } from '../cloud.ts'
import type { Tx } from '../db/database.ts'
import type { Task } from '../tasks/task.ts'
import { sendFault, sendResult, setVersionHeaders } from './answer.ts'
import { parseJson, readBody } from './body.ts'
import { deeperFault } from './deeper-faults.ts'
import { badRequest, Fault, forbidden, notBuilt, notFound, unauthorized } from './faults.ts'
import type { BaseContext, Operation } from './operation.ts'
import { canonicalPath, loggedPath } from './paths.ts'
import { authOf, createRouter, type DocumentedOperation, type Route, type Router } from './router.ts'
import type { ServiceDeclaration } from './service.ts'
import { type Validator, validator } from './validate.ts'
import { cutValue, isVersioned, opened, versionNumber } from './versions.ts'
import { answerDialect, bodyDialect, dialectOf, parseXmlBody } from './xml/body.ts'

interface Checks {
  body: Validator | null
  lenientBody: Validator | null
  bodyVersioned: boolean
  query: Validator | null
  repeated: Set<string>
  answerVersioned: boolean
  since: number
  until: number
  allowed: Map<string, number> | null
}

interface Microversion {
  text: string
  number: number
}

export interface ServicePipeline {
  service: ServiceDeclaration
  handle(request: IncomingMessage, response: ServerResponse, prefix: string): Promise<void>
}

/** Parameters of a query: each may be a condition that the database has to look at for every row. */
const mostParameters = 1000

const none: Microversion = { text: '', number: 0 }

export function createPipeline(
  cloud: Cloud,
  service: ServiceDeclaration,
  policy: Policy,
  documented: DocumentedOperation[],
): ServicePipeline {
  let made: Router | null = null
  // Made when the first request comes: a start, and a test, need few of the services.
  const router = () => (made ??= createRouter(service, documented))
  const { environment, database, config } = cloud
  const ownRequests = service.requests
  const checks = new Map<Operation, Checks>()
  const types = service.catalog.map((entry) => entry.type)
  const majorIds = new Set(service.majors.map((major) => major.id))
  /** Names of objects hold any character: their paths are taken as they come. */
  const keepsPaths = service.operations.some(({ path }) => path.endsWith('*}'))
  const lenientIds = new Set(service.majors.flatMap((major) => (major.lenient ? [major.id] : [])))

  function checksOf(operation: Operation): Checks {
    const known = checks.get(operation)
    if (known) return known
    const { allowed } = operation
    const made: Checks = {
      body: operation.body ? validator(operation.body, false) : null,
      lenientBody: operation.body && lenientIds.size ? validator(opened(operation.body), false) : null,
      query: operation.query ? validator(operation.query, true) : null,
      repeated: new Set(
        Object.entries((operation.query?.properties ?? {}) as Record<string, { type?: string }>)
          .filter(([, s]) => s.type === 'array')
          .map(([name]) => name),
      ),
      bodyVersioned: isVersioned(operation.body),
      answerVersioned: isVersioned(operation.answer),
      since: operation.since ? versionNumber(operation.since) : 0,
      until: operation.until ? versionNumber(operation.until) : Number.POSITIVE_INFINITY,
      allowed: allowed
        ? new Map(
            Array.isArray(allowed)
              ? allowed.map((state: string) => [state, 0])
              : Object.entries(allowed as Record<string, string>).map(([state, version]) => [state, versionNumber(version)]),
          )
        : null,
    }
    checks.set(operation, made)
    return made
  }

  function microversionOf(request: IncomingMessage, major: string): Microversion {
    if (!service.microversions) return none
    const range = service.majors.find((m) => m.id === major)
    if (!range?.min || !range.max) return none
    const { type, legacyHeader } = service.microversions
    let text: string | undefined
    for (const part of String(request.headers['openstack-api-version'] ?? '').split(',')) {
      const [name, version] = part.trim().split(/\s+/)
      if (name === type && version) text = version
    }
    if (text === undefined && legacyHeader) text = request.headers[legacyHeader.toLowerCase()] as string | undefined
    if (text === undefined) return { text: range.min, number: versionNumber(range.min) }
    if (text === 'latest') return { text: range.max, number: versionNumber(range.max) }
    const number = versionNumber(text)
    if (Number.isNaN(number))
      throw badRequest(`API Version String ${text.slice(0, 40)} is of invalid format. Must be of format MajorNum.MinorNum.`)
    if (number < versionNumber(range.min) || number > versionNumber(range.max)) {
      throw new Fault(406, `Version ${text} is not supported by the API. Minimum is ${range.min} and maximum is ${range.max}.`)
    }
    return { text, number }
  }

  /** Splits `/v2.1/PROJECT/servers/ID`: version, project (where one may stand) and the rest. */
  function splitPath(path: string): { major: string; projectId: string | null; rest: string } {
    const slash = path.indexOf('/', 1)
    const first = slash < 0 ? path.slice(1) : path.slice(1, slash)
    if (!majorIds.has(first)) return { major: '', projectId: null, rest: path }
    const rest = slash < 0 ? '/' : path.slice(slash)
    if (!service.projectInPath) return { major: first, projectId: null, rest }
    const end = rest.indexOf('/', 1)
    const segment = end < 0 ? rest.slice(1) : rest.slice(1, end)
    if (!segment || router().isResource(first, segment)) return { major: first, projectId: null, rest }
    return { major: first, projectId: segment, rest: end < 0 ? '/' : rest.slice(end) }
  }

  function queryOf(search: URLSearchParams, repeated: Set<string>): Record<string, unknown> {
    const query: Record<string, unknown> = {}
    if (search.size > mostParameters) throw badRequest(`The query has more than ${mostParameters} parameters.`)
    for (const [name, value] of search) {
      if ((value.includes('\0') && !ownRequests?.mayHoldNul.has(name)) || name.includes('\0'))
        throw badRequest('The query must not hold a NUL character.')
      if (repeated.has(name)) query[name] = [...((query[name] as string[] | undefined) ?? []), value]
      else if (!(name in query) && name !== '__proto__') query[name] = value
    }
    return query
  }

  function pick(operations: Operation[], version: number): Operation | undefined {
    return operations.find((operation) => {
      const { since, until } = checksOf(operation)
      // A version of the path that has no microversions has what has been there from the start.
      return version === 0 ? since === 0 : version >= since && version <= until
    })
  }

  /** `invalid`: what is wrong with the body or the query; told only to those who may do what they ask for. */
  async function run(
    context: BaseContext & { params: Record<string, string>; query: unknown; body: unknown },
    operation: Operation,
    invalid: Fault | null,
  ): Promise<unknown> {
    const check = checksOf(operation)
    const { on } = operation
    let target: PolicyTarget = {}
    context.allows = (name, other) => policy.allows(name, context.who?.credentials ?? nobody, other ?? target)
    const own: PolicyTarget = context.who ? { project_id: context.who.project?.id, user_id: context.who.user.id } : {}
    // Code that reads a body which its schema refused may fail in any way: then the asker's own things are the target.
    const readable = async <T>(work: () => Promise<T> | T, otherwise: T): Promise<T> => {
      try {
        return await work()
      } catch (error) {
        if (!invalid || (error instanceof Fault && error.status === 403)) throw error
        return otherwise
      }
    }
    if (on) {
      const id = context.params[on.param] ?? ''
      if (context.tx !== noTransaction) await on.hold?.(id, context)
      const row = await on.load(id, context)
      if (row === undefined) {
        if (on.hidden && operation.policy && !context.allows(operation.policy.name, context.params)) throw denied(operation.policy.name)
        throw new Fault(404, on.missing(id), { type: on.missingType })
      }
      ;(context as unknown as Record<string, unknown>)[on.name] = row
      target = on.target(row)
    } else if (operation.policyTarget) target = await readable(() => operation.policyTarget!(context as never), own)
    else target = own
    const rule = (operation.ruleFor && (await readable(() => operation.ruleFor!(context as never), undefined))) ?? operation.policy
    if (rule && !context.allows(rule.name)) throw denied(rule.name)
    if (invalid) throw invalid
    if (check.allowed && on?.state) {
      const state = on.state((context as unknown as Record<string, never>)[on.name]!)
      const since = check.allowed.get(state)
      if (since === undefined || context.version < since) {
        const wrong = service.wrongState
        const what = operation.action ?? operation.id.split('.').at(-1)!
        throw new Fault(
          wrong?.status ?? 409,
          wrong?.message(what, state, context.params[on.param] ?? '') ?? `Cannot '${what}' while it is in state ${state}`,
        )
      }
    }
    if (operation.quota) {
      const { project } = context.who
      if (project) await cloud.quota.take(context.tx, project.id, operation.quota(context as never))
    }
    return operation.handle(context as never)
  }

  async function handle(request: IncomingMessage, response: ServerResponse, prefix: string): Promise<void> {
    const started = performance.now()
    const requestId = ownRequests?.id.make(cloud) ?? `req-${environment.uuid()}`
    // Swift's spelling is its own, here as well.
    response.setHeader(ownRequests ? 'X-Openstack-Request-Id' : 'x-openstack-request-id', requestId)
    if (ownRequests) response.setHeader(ownRequests.id.header, requestId)
    if (service.name === 'compute') response.setHeader('x-compute-request-id', requestId)
    let operation: Operation | null = null
    let who: Who | null = null
    let microversion = none
    let dialect = service.xml
    let ahead: { generation: number } | undefined
    try {
      const mark = request.url!.indexOf('?')
      const rawPath = mark < 0 ? request.url! : request.url!.slice(0, mark)
      const given = rawPath.slice(prefix.length) || '/'
      const path = ownRequests?.path(config, request, given) ?? canonicalPath(given)
      const { major, projectId, rest } = splitPath(path)
      dialect = dialectOf(service, major)
      microversion = microversionOf(request, major)
      const method = request.method!
      let route: ReturnType<Router['find']> | Fault
      try {
        if (service.trailingSlash === 'refused' && rest.length > 1 && rest.endsWith('/')) throw notFound('The resource could not be found.')
        route = router().find(method, major, rest)
      } catch (error) {
        if (!(error instanceof Fault)) throw error
        route = error
      }
      const auth = !(route instanceof Fault) && 'operations' in route ? authOf(route.operations) : 'needed'
      if (auth !== 'none') {
        const token = request.headers['x-auth-token'] ?? request.headers[ownRequests?.tokenHeader ?? '']
        const early = !(route instanceof Fault) && 'operations' in route ? route.operations.get('')?.[0]?.ahead : undefined
        if (early) ahead = await early(cloud, (route as Route).params)
        who = typeof token === 'string' && token ? await cloud.tokens.authenticate(token, ahead?.generation) : null
        if (!who && auth === 'needed')
          throw new Fault(401, unauthorized().message, {
            headers: { 'www-authenticate': `Keystone uri="${cloud.endpoints.root('identity')}"` },
          })
        const rules = who?.delegation?.authority.application?.accessRules
        if (rules && !isPermitted(rules, types, method, path, keepsPaths)) throw unauthorized()
        if (projectId && who && who.project?.id !== projectId && !who.credentials.is_admin) {
          throw service.name === 'compute'
            ? badRequest(
                `Malformed request URL: URL's project_id '${projectId.slice(0, 64)}' doesn't match Context's project_id '${who.project?.id}'`,
              )
            : notFound('The resource could not be found.')
        }
      }
      if (route instanceof Fault) throw route
      if ('notBuilt' in route) throw notBuilt(route.notBuilt)

      let candidates = route.operations.get('')
      let body: unknown
      const first = [...route.operations.values()][0]![0]!
      const sent = request.headers['transfer-encoding'] !== undefined || (request.headers['content-length'] ?? '0') !== '0'
      if (sent && first.input !== 'stream') {
        const buffer = await readBody(request, config.maxBodyBytes)
        const xml = bodyDialect(dialect, request)
        body = xml
          ? await parseXmlBody(buffer, xml, route.operations)
          : parseJson(buffer, request.headers['content-type'], first.mediaTypes)
      }
      if (!candidates) {
        if (body === null || typeof body !== 'object') throw badRequest('Malformed request body')
        const keys = Object.keys(body)
        const action = keys.find((key) => (route as { operations: Map<string, unknown> }).operations.has(key))
        candidates = action === undefined ? undefined : route.operations.get(action)
        if (!candidates) {
          const named = keys[0] ?? ''
          if (route.notBuiltActions.has(named)) throw notBuilt(`The action ${named}`)
          throw badRequest(`There is no such action: ${named.slice(0, 60)}`)
        }
      }
      const chosen = pick(candidates, microversion.number)
      if (!chosen) throw notFound('The resource could not be found.')
      operation = chosen
      const check = checksOf(chosen)
      const search = new URLSearchParams(mark < 0 ? '' : request.url!.slice(mark + 1))
      const query = queryOf(search, check.repeated)
      let invalid: Fault | null = null
      try {
        check.query?.check(query, microversion.number, 'query')
        if (check.body) {
          if (body === undefined) throw badRequest('Malformed request body: a body is needed.')
          const isLenient = lenientIds.has(major)
          const bodyCheck = isLenient ? check.lenientBody! : check.body
          // Fields of later versions are let pass there, so their schemas do not hold: nobody is to read them.
          if (isLenient && check.bodyVersioned) body = cutValue(chosen.body, body, microversion.number)
          bodyCheck.check(body, microversion.number, 'body')
        }
      } catch (error) {
        if (!(error instanceof Fault)) throw error
        invalid = error
      }
      const version = microversion.number
      const now = new Date(environment.clock.now()).toISOString()
      const contextFor = (tx: Tx | null) => ({
        who: who as Who,
        requestId,
        major,
        microversion: microversion.text,
        version,
        at: (text: string) => version >= versionNumber(text),
        href: (to: string) => {
          const base = cloud.endpoints.base(service.name, request, prefix)
          return to.startsWith('//') ? `${base}${to.slice(1)}` : `${base}/${major}${projectId ? `/${projectId}` : ''}${to}`
        },
        db: tx?.db ?? database.read,
        tx: tx ?? noTransaction,
        cloud,
        log: cloud.log,
        now,
        request,
        headers: request.headers,
        rawQuery: search,
        params: (route as Route).params,
        query,
        body,
        ahead,
        allows: () => false,
        start: <I>(task: Task<I>, input: NoInfer<I>) => cloud.tasks.start(tx ?? noTransaction, task, input, requestId),
      })
      const writes = chosen.transaction === undefined ? chosen.method !== 'GET' && chosen.method !== 'HEAD' : chosen.transaction === 'write'
      const result =
        writes && !invalid
          ? await database.write(
              (tx) => run(contextFor({ ...tx, cause: { request_id: requestId, user_id: who?.user.id ?? null } }), chosen, null),
              { frees: chosen.method === 'DELETE' },
            )
          : await run(contextFor(null), chosen, invalid)
      setVersionHeaders(response, service.microversions, microversion.text)
      const isCut = (version || service.microversions) && check.answerVersioned
      const cut = (made: unknown) => (isCut ? cutValue(chosen.answer as object, made, version) : made)
      await sendResult(request, response, result, chosen.status, cut, answerDialect(dialect, request))
    } catch (error) {
      const fault = deeperFault(error, service)
      // Amid its body or the answer: what then fails is of no interest to the operator.
      const left = request.socket.destroyed && goneCodes.has((error as NodeJS.ErrnoException)?.code ?? '')
      if (!fault && !left)
        cloud.log.error({ req: requestId, operation: operation?.id, error: (error as Error).stack ?? String(error) }, 'request failed')
      if (response.headersSent || left) response.destroy()
      else {
        const shown = fault ?? new Fault(500, 'The server has either erred or is incapable of performing the requested operation.')
        setVersionHeaders(response, service.microversions, microversion.text)
        sendFault(request, response, service.faultStyle, shown, answerDialect(dialect, request))
      }
    } finally {
      const ms = Math.round((performance.now() - started) * 10) / 10
      cloud.metrics.request(service.name, operation?.id ?? 'none', response.statusCode, ms)
      if (cloud.log.isLevelEnabled?.('info') ?? true) {
        cloud.log.info(
          {
            req: requestId,
            service: service.name,
            method: request.method,
            path: loggedPath(request.url!),
            operation: operation?.policy?.name ?? operation?.id,
            project: who?.project?.id,
            user: who?.user.id,
            status: response.statusCode,
            ms,
          },
          'request',
        )
      }
    }
  }

  return { service, handle }
}

/** What streams of a request fail with when its client has gone. */
const goneCodes = new Set([
  'ERR_STREAM_PREMATURE_CLOSE',
  'ECONNRESET',
  'EPIPE',
  'ECANCELED',
  'ABORT_ERR',
  'ERR_STREAM_DESTROYED',
  'ERR_STREAM_WRITE_AFTER_END',
])

const denied = (name: string) => forbidden(`Policy doesn't allow ${name} to be performed.`, 'PolicyNotAuthorized')

/** What `tx` is where an operation has none: using it is a mistake in the operation. */
const noTransaction: Tx = {
  get db(): never {
    throw new Error('this operation has no transaction')
  },
  afterCommit() {
    throw new Error('this operation has no transaction')
  },
}
