// What happens in the operation's transaction: the row that it is about, whether this may be done with it, and the handler.
import type { PolicyTarget } from '../../auth/policy.ts'
import { nobody } from '../../auth/who.ts'
import type { Tx } from '../../db/database.ts'
import { type Exchange, type HandlerContext, type Stage, through } from '../exchange.ts'
import { Fault, forbidden } from '../faults.ts'

/** In one transaction where the operation writes and what came is right; gives what the handler gave. */
export async function perform(exchange: Exchange): Promise<unknown> {
  const { served, prepared, operation, invalid } = exchange
  const { database } = served.cloud
  if (!prepared!.writes || invalid) return run(exchange, null)
  return database.write((tx) => run(exchange, ofExchange(tx, exchange)), { frees: operation!.method === 'DELETE' })
}

/** Why something is written: for events that are told in the transaction. */
const causeOf = ({ requestId, who }: Exchange) => ({ request_id: requestId, user_id: who?.user.id ?? null })

const ofExchange = (tx: Tx, exchange: Exchange): Tx => ({
  ...tx,
  cause: causeOf(exchange),
  ...(exchange.served.cloud.config.checkAnswers && { quota: new Set(Object.keys(exchange.operation!.quota ?? {})) }),
})

async function run(exchange: Exchange, tx: Tx | null): Promise<unknown> {
  exchange.tx = tx
  exchange.context = contextFor(exchange)
  exchange.target = {}
  await through(inOrder, exchange)
  const { service } = exchange.served
  const operation = exchange.operation!
  return service.perform ? service.perform(exchange.context, operation) : operation.handle(exchange.context as never)
}

const inOrder: readonly Stage[] = [loadRow, chooseTarget, askPolicy, tellInvalid, askGuard, checkLock, checkState, takeQuota]

/** The row, held where the operation writes. Throws 404, or what those get who may not know of any row. */
function loadRow(exchange: Exchange): void | Promise<void> {
  const { on, prepare } = exchange.operation!
  if (on || prepare) return findRow(exchange)
}

async function findRow(exchange: Exchange): Promise<void> {
  const { operation, context, tx } = exchange
  const { on, policy, prepare } = operation!
  if (prepare) await prepare(context as never)
  if (!on) return
  const id = context.params[on.param] ?? ''
  if (tx) await on.hold?.(id, context)
  const row = await on.load(id, context)
  if (row === undefined) {
    if (on.hidden && policy && !allows(exchange, policy.name, context.params)) throw denied(policy.name)
    throw new Fault(404, on.missing(id), { type: on.missingType })
  }
  ;(context as unknown as Record<string, unknown>)[on.name] = row
}

const rowOf = ({ context, operation }: Exchange) => (context as unknown as Record<string, never>)[operation!.on!.name]!

function chooseTarget(exchange: Exchange): void | Promise<void> {
  const { operation, context } = exchange
  const { on, policyTarget } = operation!
  const own: PolicyTarget = context.who ? { project_id: context.who.project?.id, user_id: context.who.user.id } : {}
  if (on) exchange.target = on.target(rowOf(exchange))
  else if (!policyTarget) exchange.target = own
  else
    return readable(exchange, () => policyTarget(context as never), own).then((target) => {
      exchange.target = target
    })
}

function askPolicy(exchange: Exchange): void | Promise<void> {
  const { operation, context } = exchange
  const { ruleFor, policy } = operation!
  const ask = (rule: typeof policy) => {
    if (rule && !allows(exchange, rule.name)) throw denied(rule.name)
  }
  if (!ruleFor) return ask(policy)
  return readable(exchange, () => ruleFor(context as never), undefined).then((rule) => ask(rule ?? policy))
}

/** Code that reads a body which its schema refused may fail in any way: then the asker's own things are the target. */
async function readable<T>({ invalid }: Exchange, work: () => Promise<T> | T, otherwise: T): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!invalid || (error instanceof Fault && error.status === 403)) throw error
    return otherwise
  }
}

function tellInvalid({ invalid }: Exchange): void {
  if (invalid) throw invalid
}

function askGuard({ operation, context }: Exchange): void | Promise<void> {
  return operation!.guard?.(context as never)
}

/** What its owner or an administrator has locked is not acted on. */
function checkLock(exchange: Exchange): void {
  const { operation, context } = exchange
  const { on, locked } = operation!
  if (locked === 'refused') on?.checkLock?.(rowOf(exchange), context)
}

/** In another state it cannot be done: the service's own fault for that. */
function checkState(exchange: Exchange): void {
  const { operation, prepared, context, place, served } = exchange
  const { on, action, id, event } = operation!
  const machine = on?.machine
  if (!machine || (!prepared!.allowed && event === undefined)) return
  const row = rowOf(exchange)
  const state = machine.state(row)
  const since = prepared!.allowed?.get(state)
  const isAllowed = !prepared!.allowed || (since !== undefined && place >= since)
  const happens = typeof event === 'function' ? event(context as never) : event
  if (isAllowed && (happens === undefined || machine.can(row, happens))) return
  const wrong = served.service.faults.wrongState
  const what = action ?? id.split('.').at(-1)!
  throw new Fault(
    wrong?.status ?? 409,
    wrong?.message(what, state, context.params[on.param] ?? '') ?? `Cannot '${what}' while it is in state ${state}`,
  )
}

function takeQuota({ operation, context, served }: Exchange): void | Promise<void> {
  const { quota } = operation!
  const { project } = context.who ?? {}
  if (!quota || !project) return
  const known = Object.entries(quota).flatMap(([name, amount]): [string, number][] =>
    amount === 'handler' ? [] : [[name, typeof amount === 'number' ? amount : amount(context as never)]],
  )
  if (known.length) return served.cloud.quota.take(context.tx, project.id, Object.fromEntries(known))
}

const allows = ({ served, context, target }: Exchange, rule: string, other?: PolicyTarget) =>
  served.policy.allows(rule, context.who?.credentials ?? nobody, other ?? target)

const denied = (name: string) => forbidden(`Policy doesn't allow ${name} to be performed.`, 'PolicyNotAuthorized')

function contextFor(exchange: Exchange): HandlerContext {
  const { served, tx, major, microversion, place, prefix, projectId, request, requestId } = exchange
  const { cloud, service, line } = served
  const { database, environment } = cloud
  return {
    who: exchange.who!,
    requestId,
    major,
    microversion,
    at: (version) => place >= line.first(version),
    href(to) {
      const base = cloud.endpoints.base(service.name, request, prefix)
      return to.startsWith('//') ? `${base}${to.slice(1)}` : `${base}/${major}${projectId ? `/${projectId}` : ''}${to}`
    },
    db: tx?.db ?? database.read,
    tx: tx ?? noTransaction,
    write: (work) => {
      if (tx) throw new Error('this operation has its transaction already')
      return database.write((own) => work(ofExchange(own, exchange)), { frees: exchange.operation!.method === 'DELETE' })
    },
    cloud,
    log: cloud.log,
    now: new Date(environment.clock.now()).toISOString(),
    request,
    headers: request.headers,
    rawQuery: exchange.search,
    params: (exchange.route as { params: Record<string, string> }).params,
    query: exchange.query,
    body: exchange.body,
    ahead: exchange.ahead,
    allows: (rule, other) => allows(exchange, rule, other),
    start: (task, input) => cloud.tasks.start(tx ?? noTransaction, task, input, requestId),
  }
}

/** What `tx` is where an operation has none: using it is a mistake in the operation. */
const noTransaction: Tx = {
  get db(): never {
    throw new Error('this operation has no transaction')
  },
  afterCommit() {
    throw new Error('this operation has no transaction')
  },
}
