// The request path: the stages in their order, the answer, and the line in the log.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Policy } from '../auth/policy.ts'
import type { Cloud } from '../cloud.ts'
import { sendFault, sendResult, setVersionHeaders } from './answer.ts'
import { deeperFault } from './deeper-faults.ts'
import { type Exchange, type Served, type Stage, through } from './exchange.ts'
import { Fault } from './faults.ts'
import type { Operation } from './operation.ts'
import { loggedPath } from './paths.ts'
import { type Prepared, prepare } from './prepared.ts'
import { createRouter, type DocumentedOperation, type Router } from './router.ts'
import type { ServiceDeclaration } from './service.ts'
import { authenticate, checkAccessRules, checkProject, refuseMissing } from './stages/identify.ts'
import { findRoute, nameRequest, readVersion, splitPath } from './stages/locate.ts'
import { perform } from './stages/perform.ts'
import { chooseOperation, readBody, readQuery, understandXml, validate } from './stages/read.ts'
import { checkAnswer } from './strict.ts'
import { versionLine } from './versions.ts'
import { answerDialect } from './xml/body.ts'

/** From the first byte to the handler's result; `perform` has stages of its own, inside the operation's transaction. */
const stages: readonly Stage[] = [
  nameRequest,
  splitPath,
  readVersion,
  findRoute,
  authenticate,
  checkAccessRules,
  checkProject,
  refuseMissing,
  readBody,
  chooseOperation,
  understandXml,
  readQuery,
  validate,
]

export interface ServicePipeline {
  service: ServiceDeclaration
  handle(request: IncomingMessage, response: ServerResponse, prefix: string): Promise<void>
}

export function createPipeline(
  cloud: Cloud,
  service: ServiceDeclaration,
  policy: Policy,
  documented: DocumentedOperation[],
): ServicePipeline {
  const served = serve(cloud, service, policy, documented)
  return {
    service,
    async handle(request, response, prefix) {
      const started = performance.now()
      const exchange = newExchange(served, request, response, prefix)
      try {
        await through(stages, exchange)
        await answer(exchange, await perform(exchange))
      } catch (error) {
        refuse(exchange, error)
      } finally {
        writeLine(exchange, Math.round((performance.now() - started) * 10) / 10)
      }
    },
  }
}

function serve(cloud: Cloud, service: ServiceDeclaration, policy: Policy, documented: DocumentedOperation[]): Served {
  let router: Router | null = null
  const line = versionLine(service)
  const known = new Map<Operation, Prepared>()
  return {
    cloud,
    service,
    policy,
    line,
    router: () => (router ??= createRouter(service, documented)),
    prepared(operation) {
      let made = known.get(operation)
      if (!made) {
        made = prepare(operation, service, line)
        known.set(operation, made)
      }
      return made
    },
    types: service.catalog.map((entry) => entry.type),
    majorIds: new Set(service.majors.map((major) => major.id)),
    lenientIds: new Set(service.majors.flatMap((major) => (major.lenient ? [major.id] : []))),
    keepsPaths: service.operations.some(({ path }) => path.endsWith('*}')),
  }
}

function newExchange(served: Served, request: IncomingMessage, response: ServerResponse, prefix: string): Exchange {
  return {
    served,
    request,
    response,
    prefix,
    requestId: '',
    mark: -1,
    path: '',
    major: '',
    projectId: null,
    rest: '',
    microversion: '',
    place: 0,
    dialect: served.service.xml,
    route: { notBuilt: '' },
    who: null,
    ahead: undefined,
    body: undefined,
    xmlBody: undefined,
    operation: null,
    prepared: null,
    search: noQuery,
    query: {},
    invalid: null,
    tx: null,
    context: null as never, // made with the transaction
    target: {},
  }
}

const noQuery = new URLSearchParams()

async function answer(exchange: Exchange, result: unknown): Promise<void> {
  const { served, request, response, microversion, place, dialect } = exchange
  const prepared = exchange.prepared!
  setVersionHeaders(response, served.service.microversions, microversion)
  const form = prepared.answer?.at(place)
  const shown = served.cloud.config.checkAnswers ? await checkAnswer(exchange, result) : result
  const xml = answerDialect(dialect, request)
  const asXml = xml && { dialect: xml, schema: form?.schema }
  await sendResult(request, response, shown, prepared.status(place), form?.cut ?? null, asXml)
}

/** Tells what went wrong in the service's envelope, or ends the connection where the answer has begun. */
function refuse(exchange: Exchange, error: unknown): void {
  const { served, request, response, requestId, operation, microversion, dialect } = exchange
  const { service, cloud } = served
  const fault = deeperFault(error, service)
  // Amid its body or the answer: what then fails is of no interest to the operator.
  const left = request.socket.destroyed && goneCodes.has((error as NodeJS.ErrnoException)?.code ?? '')
  if (!fault && !left)
    cloud.log.error({ req: requestId, operation: operation?.id, error: (error as Error).stack ?? String(error) }, 'request failed')
  if (response.headersSent || left) response.destroy()
  else {
    const shown = fault ?? new Fault(500, cloud.config.checkAnswers ? String((error as Error).message) : serverError)
    setVersionHeaders(response, service.microversions, microversion)
    sendFault(request, response, service.faults, shown, answerDialect(dialect, request))
  }
}

function writeLine({ served, request, response, requestId, operation, who }: Exchange, ms: number): void {
  const { cloud, service } = served
  cloud.metrics.request(service.name, operation?.id ?? 'none', response.statusCode, ms)
  if (!(cloud.log.isLevelEnabled?.('info') ?? true)) return
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

const serverError = 'The server has either erred or is incapable of performing the requested operation.'

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
