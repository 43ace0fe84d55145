// Bodies of requests: one thing under its name, or several under the plural.
import { type Static, type TSchema, Type } from 'typebox'
import { badRequest } from '../../../api/faults.ts'
import { Closed } from '../../../api/types.ts'

const most = 256

/** `{network: {...}}` or `{networks: [{...}]}`. */
export const OneOrMany = <S extends TSchema>(one: string, many: string, schema: S) =>
  Closed({
    [one]: Type.Optional(schema),
    [many]: Type.Optional(Type.Array(schema, { minItems: 1, maxItems: most })),
  }) as unknown as ReturnType<typeof Type.Unsafe<Record<string, Static<S> | Static<S>[]>>>

/** What is answered to that: the same form. */
export const OneOrManyMade = (one: string, many: string, schema: TSchema) =>
  Type.Object({ [one]: Type.Optional(schema), [many]: Type.Optional(Type.Array(schema)) })

/** Runs `make` for each thing of the body in order; the answer has the form of the request. */
export async function createEach<S, V>(body: unknown, one: string, many: string, make: (attributes: S) => Promise<V>): Promise<object> {
  const parts = body as Record<string, S | S[] | undefined>
  if ((parts[one] === undefined) === (parts[many] === undefined)) throw badRequest(`Unable to find '${one}' in request body`)
  if (parts[one] !== undefined) return { [one]: await make(parts[one] as S) }
  const made: V[] = []
  for (const attributes of parts[many] as S[]) made.push(await make(attributes))
  return { [many]: made }
}
