// Attributes that clients invent are kept beside the known ones, as upstream does.
import { type TProperties, Type } from 'typebox'
import { badRequest, conflict, forbidden, notFound } from '../../api/faults.ts'
import type { BaseContext } from '../../api/operation.ts'
import type { Rule } from '../../auth/policy.ts'
import { isUniqueViolation } from '../../db/database.ts'

type Attributes = Record<string, unknown>

/** Never kept from a body: they are ours, or secret. */
const ours = new Set(['id', 'links', 'password', 'OS-KSADM:password', 'original_password', 'federated'])

/** Characters of all of them as JSON: they are in every list of such things. */
const mostExtra = 16_384

function bounded(extra: Attributes): Attributes {
  if (JSON.stringify(extra).length > mostExtra) throw badRequest('The attributes that are not of this API are too long together.')
  return extra
}

/** What is in the body besides the known names. Throws 400 for too much. */
export function extraOf(body: Attributes, known: readonly string[]): Attributes {
  return bounded(Object.fromEntries(Object.entries(body).filter(([name]) => !known.includes(name) && !ours.has(name))))
}

/** An update's extra attributes over those of before; null takes one away. Throws 400 for too much. */
export function mergeExtra(before: Attributes, body: Attributes, known: readonly string[]): Attributes {
  const changes = extraOf(body, known)
  const merged = Object.fromEntries(Object.entries({ ...before, ...changes }).filter(([, value]) => value !== null))
  // What was kept before there was an end is no hindrance to changes of something else.
  return Object.keys(changes).length ? bounded(merged) : merged
}

export const Id = Type.String({ minLength: 1, maxLength: 64, pattern: '^[a-zA-Z0-9_-]+$' })
/** A name of a project or a domain. */
export const ShortName = Type.String({ minLength: 1, maxLength: 64, pattern: '^(?=.*\\S)[^\\u0000-\\u001f\\u007f]*$' })
export const Description = Type.Union([Type.String({ maxLength: 4096 }), Type.Null()])
/** What every answer with a thing says of where that thing is. */
export const SelfLink = Type.Object({ self: Type.String() })
/** A thing as it is shown, with whatever its clients have put there beside what is known of it. */
export const Extended = <P extends TProperties>(properties: P) => Type.Object(properties, { additionalProperties: true })

/** A resource with `immutable` can be neither changed nor deleted until that is taken back. */
export const Options = Type.Object({ immutable: Type.Optional(Type.Union([Type.Boolean(), Type.Null()])) }, { additionalProperties: false })

/** Options of an update over those of before; null takes one away. */
export const mergeOptions = (before: Attributes, changes: Attributes | undefined): Attributes =>
  Object.fromEntries(Object.entries({ ...before, ...changes }).filter(([, value]) => value !== null))

/** Throws 403 when the row is immutable and the change is more than taking that back. */
export function ensureMutable(
  kind: string,
  row: { id: string; options: Attributes },
  changes?: Attributes & { options?: Attributes },
): void {
  if (row.options.immutable !== true) return
  if (changes?.options && Object.keys(changes).length === 1 && changes.options.immutable !== true) return
  throw forbidden(
    `Cannot ${changes ? 'modify' : 'delete'} resource ${row.id}: the ${kind} is immutable. Set its option \`immutable\` to false (alone) before.`,
  )
}

/** An id in the body, where one is, must be that of the path. */
export function ensureSameId(id: string, body: Attributes): void {
  if (body.id !== undefined && body.id !== id) throw badRequest('Cannot change the ID.')
}

export const missing = (kind: string) => (id: string) => `Could not find ${kind}: ${id.slice(0, 255)}.`

/** The resource for an operation that upstream answers with 404 for an id of nothing, whoever asks. */
export const open = <T extends { hidden?: true }>({ hidden: _, ...resource }: T): Omit<T, 'hidden'> => resource

/** For rows that a rule needs before it can be asked: whom it allows on no row but on all does not learn whether they exist. */
export function absent(context: BaseContext, rule: Rule, kind: string, id: string) {
  return context.allows(rule.name, {}) ? notFound(missing(kind)(id)) : forbidden('You are not authorized to perform the requested action.')
}

/** Turns a duplicate into the 409 that names what it was. */
export async function unique<T>(kind: string, detail: string, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (isUniqueViolation(error)) throw conflict(`Conflict occurred attempting to store ${kind} - Duplicate entry found with ${detail}.`)
    throw error
  }
}
