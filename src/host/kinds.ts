// All kinds of documents. A new one is a folder with its document.ts, a line here, and a driver on each host, without which neither compiles.
import type { Static, TObject } from 'typebox'
import { guestKind } from './guests/document.ts'
import type { JobType } from './job.ts'
import type { DocumentKind } from './kind.ts'
import { networkKind } from './networks/document.ts'
import { portKind } from './ports/document.ts'
import { routerKind } from './routers/document.ts'
import { securityGroupKind } from './security-groups/document.ts'

/** In the order in which they are made; removal goes the other way round. */
const declared = [networkKind, securityGroupKind, routerKind, portKind, guestKind] as const

type Declared = (typeof declared)[number]
type Types<K extends Kind> = NonNullable<Extract<Declared, { name: K }>['types']>
export type Kind = Declared['name']
/** What is asked for, by kind. */
export type SpecOf = { [K in Kind]: Types<K>['spec'] }
/** What is told of it, by kind. */
export type StatusOf = { [K in Kind]: Types<K>['status'] }

type Jobs<K extends Kind> = Extract<Declared, { name: K }>['jobs']
/** Types of jobs that documents of a kind may ask for, what each takes and what comes of it. */
export type JobName<K extends Kind> = keyof Jobs<K> & string
export type JobInput<K extends Kind, N extends JobName<K>> = Jobs<K>[N] extends JobType<infer Input> ? Static<Input> : never
export type JobResult<K extends Kind, N extends JobName<K>> = Jobs<K>[N] extends JobType<TObject, infer Result> ? Result : never

export const kinds: readonly Kind[] = declared.map(({ name }) => name)

const byName = new Map<Kind, DocumentKind<Kind>>(declared.map((kind) => [kind.name, kind]))
export const kindOf = (kind: Kind): DocumentKind<Kind> => byName.get(kind)!
export const documentKey = (kind: Kind, id: string): string => `${kind}/${id}`

/** A spec as today's, whatever version wrote it. */
export const upgraded = <K extends Kind>(kind: K, spec: unknown): SpecOf[K] => (kindOf(kind).upgrade?.(spec) ?? spec) as SpecOf[K]
