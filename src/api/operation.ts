// What a declaration may say. Everything that can be derived from it is: validation, faults, OpenAPI, policy sample, coverage.
import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import type { Static, TSchema } from 'typebox'
import type { PolicyTarget, Rule } from '../auth/policy.ts'
import type { Who } from '../auth/who.ts'
import type { Cloud } from '../cloud.ts'
import type { Db, Tx } from '../db/database.ts'
import type { Machine } from '../db/machine.ts'
import type { Log } from '../log.ts'
import type { Task } from '../tasks/task.ts'

export type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'COPY' | 'OPTIONS'

/** `{name}` is one segment; `{name*}`, at the end only, is all that is left: at least one character, slashes as they came. */
export type PathParams<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? { [K in Name extends `${infer Bare}*` ? Bare : Name]: string } & PathParams<Rest>
  : unknown

/** What every handler gets. */
export interface BaseContext {
  /** Who asks. In operations with `auth: 'none'` it must not be touched; with `auth: 'optional'` it is null when no valid token came. */
  who: Who
  requestId: string
  /** Version part of the path that was used: `v2.1`; '' at the root. */
  major: string
  /** Microversion: `2.10`; '' where the service has none. */
  microversion: string
  /** True from that version on, a microversion or a major. */
  at(version: string): boolean
  /** Absolute address of a path of this service as the client reaches it; the version and (where it was given) project segment are added when `path` does not begin with `//`. */
  href(path: string): string
  /** Reads see what is committed; inside a write operation it is the transaction's. */
  db: Db
  /** The operation's transaction; in read operations and those with `transaction: 'none'` using it is an error. */
  tx: Tx
  /** In operations with `transaction: 'none'`: a transaction for what is to be written together. */
  write<T>(work: (tx: Tx) => Promise<T>): Promise<T>
  cloud: Cloud
  log: Log
  /** ISO time of the request, in the cloud's clock. */
  now: string
  request: IncomingMessage
  headers: IncomingMessage['headers']
  /** Query as it came, before the schema, lists for repeated names. */
  rawQuery: URLSearchParams
  /** What the operation's own `ahead` gave; undefined where it has none. */
  ahead?: unknown
  /** Starts a task in the operation's transaction; gives its id. */
  start<I>(task: Task<I>, input: NoInfer<I>): Promise<string>
  /** True when the rule allows it on the target (the operation's own target unless given). */
  allows(rule: string, target?: PolicyTarget): boolean
}

export type Context<Path extends string, Q extends TSchema, B extends TSchema> = BaseContext & {
  params: PathParams<Path>
  query: Static<Q>
  body: Static<B>
}

/** A thing that operations act on: found by an id in the path, before policy is asked. */
export interface Resource<Name extends string, Row, State extends string = string, Event extends string = string> {
  name: Name
  /** Of one of them, below the version: `/servers/{server_id}`. */
  path?: string
  /** Name of the path parameter. */
  param: string
  /** The row, or undefined when there is none or the asker may not know of it. Other projects' rows must not be found. */
  load(id: string, context: BaseContext): Promise<Row | undefined>
  /**
   * Takes the row, or what it is part of, for this request alone: an operation that writes does so before `load`, so that what its
   * handler checks is still true when it writes, and of two requests at once the second sees what the first has done.
   */
  hold?(id: string, context: BaseContext): Promise<void>
  /** What policy sees of it. */
  target(row: Row): PolicyTarget
  /** Message of the 404. */
  missing(id: string): string
  /** Fault type of the 404 where the service has such names. */
  missingType?: string
  /** 403 instead of 404 for those whom the rule does not allow on any row: they do not learn which ids exist. */
  hidden?: true
  /** Where the row keeps its state, for `allowed` and `event`. */
  machine?: Machine<never, State, Event>
  /** Columns that change with every event: when it was. */
  touched?(now: string): Record<string, unknown>
  /** Notes in the row's history that something was begun with it. */
  begun?(context: BaseContext, row: Row, action: string): Promise<void>
  /** Throws the service's fault when the row is locked against the asker; asked of operations that say `locked: 'refused'`. */
  checkLock?(row: Row, context: BaseContext): void
}

export const resource = <Name extends string, Row, State extends string = string, Event extends string = string>(
  declaration: Resource<Name, Row, State, Event>,
): Resource<Name, Row, State, Event> => declaration

/** A handler gives the body, or this when status, headers or a stream matter. */
export class Reply {
  readonly status: number | undefined
  readonly headers: Record<string, string>
  /** Object: JSON. String or Buffer: as it is. Readable: streamed. undefined: no body. */
  readonly body: unknown
  constructor(parts: { status?: number; headers?: Record<string, string>; body?: unknown }) {
    this.status = parts.status
    this.headers = parts.headers ?? {}
    this.body = parts.body
  }
}
export const reply = (parts: { status?: number; headers?: Record<string, string>; body?: object | string | Buffer | Readable }) =>
  new Reply(parts)

export interface Declaration<
  Path extends string,
  Q extends TSchema,
  B extends TSchema,
  Name extends string,
  Row,
  State extends string = string,
  Event extends string = string,
> {
  /** Unique in its service: `servers.create`. */
  id: string
  method: Method
  /** Below the version (and project) part: `/servers/{server_id}`; see ServiceDeclaration.majors. */
  path: Path
  /** The one key of the body of `POST .../action`. */
  action?: string
  summary: string
  /** Ids in data/operations.json of what this implements. */
  catalog: string[]
  /** Other paths at which it is too, with what the reference calls it there, and another success status where it has one there. */
  also?: readonly { path: string; catalog: string[]; status?: number }[]
  /** Only under these versions of the path; all of the service's unless given. `''` is the root of the service. */
  majors?: readonly string[]
  /** First and last version, a microversion or a major. */
  since?: string
  until?: string
  /** `optional`: a token counts when one is there, and the handler decides what others may. */
  auth?: 'none' | 'optional'
  query?: Q
  body?: B
  /** `json` when a body is declared. `stream`: the handler reads `request` itself. */
  input?: 'json' | 'stream'
  /** Media types of the body besides application/json. */
  mediaTypes?: string[]
  /** Success status; 200 unless given. By version: `{ first: 200, '2.2': 201 }`. */
  status?: number | StatusByVersion
  /** What a handler may answer besides, by what it finds: 200 instead of 201 where the thing was there before. */
  otherStatuses?: readonly number[]
  /** Schema of the answer, whose form in the request's version is sent; `bytes` where it is no JSON; left out where it has no body. */
  answer?: TSchema | 'bytes'
  /** null only where no rule can exist: version documents, asking for a token, and where the resource's own access lists decide. */
  policy: Rule | null
  on?: Resource<Name, Row, State, Event>
  /** What policy sees when there is no row yet; without it: the asker's own project and user. */
  policyTarget?(context: Context<Path, Q, B>): PolicyTarget | Promise<PolicyTarget>
  /** The rule that decides instead of `policy` for this request, one of the service's `moreRules`: a domain's own role has rules of its own. */
  ruleFor?(context: Context<Path, Q, B> & { [K in Name]: Row }): Rule | undefined
  /** `refused`: not with a row that is locked against the asker. */
  locked?: 'refused'
  /** Before the row is loaded: what has to be fetched from elsewhere for that. */
  prepare?(context: Context<Path, Q, B>): Promise<void>
  /** When all else allows it: throws a fault where it cannot be for a reason that several operations share. */
  guard?(context: Context<Path, Q, B> & { [K in Name]: Row }): Promise<void>
  /** States in which it may be done: others answer the service's wrong-state fault. A value is the first version that allows it. */
  allowed?: readonly NoInfer<State>[] | { readonly [S in NoInfer<State>]?: string }
  /** What happens to the row by it: allowed in the states from which the resource's machine has it. */
  event?: NoInfer<Event> | ((context: Context<Path, Q, B> & { [K in Name]: Row }) => NoInfer<Event>)
  /**
   * Reads what the handler will need, and identity's generation, in one query before the token is looked at: on busy paths each
   * query counts. What it gives is `context.ahead`; nothing of it may be shown before the handler has decided who asks.
   */
  ahead?(cloud: Cloud, params: PathParams<Path>): Promise<{ generation: number }>
  /**
   * What it takes of a quota, by resource (with its service): how many of the asker's project before the handler runs, or `handler` where
   * that takes them itself, since how many or whose is not known before. What is not declared cannot be taken in tests.
   */
  quota?: Readonly<Record<string, number | 'handler' | ((context: Context<Path, Q, B> & { [K in Name]: Row }) => number)>>
  /** `write`: handler runs in one transaction (default for all but GET and HEAD). `none`: it opens its own. */
  transaction?: 'write' | 'none'
  handle(context: Context<Path, Q, B> & { [K in Name]: Row }): Promise<unknown>
}

export interface StatusByVersion {
  first: number
  [since: string]: number
}

/** A declaration with its types forgotten, as the pipeline handles it. */
// biome-ignore lint/suspicious/noExplicitAny: the types did their work where the operation was written
export type Operation = Declaration<string, any, any, string, any, any, any>

export function operation<
  const Path extends string,
  Q extends TSchema,
  B extends TSchema,
  Name extends string = never,
  Row = never,
  State extends string = string,
  Event extends string = string,
>(declaration: Declaration<Path, Q, B, Name, Row, State, Event>): Operation {
  return declaration as unknown as Operation
}

/** Operations with their other paths, as operations of their own. */
export const withOtherPaths = (operations: readonly Operation[]): Operation[] =>
  operations.flatMap((each) => [
    each,
    ...(each.also ?? []).map(({ path, catalog, status = each.status }) => ({ ...each, id: `${each.id}@${path}`, path, catalog, status })),
  ])
