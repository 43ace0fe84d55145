// What tests of networking share: things made in one line, and the change of one field after another.
import assert from 'node:assert/strict'
import type { Persona } from '../persona.ts'

export const v2 = '/network/v2.0'

// biome-ignore lint/suspicious/noExplicitAny: tests look into any answer
type Any = any

/** `make('ports', { network_id })`: the port, made by that persona. */
export const maker =
  (persona: Persona) =>
  async (collection: string, fields: object = {}): Promise<Any> => {
    const name = collection.replaceAll('-', '_').replace(/s$/, '')
    return (await persona.post(`${v2}/${collection}`, { [name]: fields }, 201)).body[name]
  }

/** The thing as it is shown. */
export async function shown(persona: Persona, path: string): Promise<Any> {
  return Object.values((await persona.get(`${v2}/${path}`)).body)[0]
}

/** The type of the fault, with its status: `409 NetworkInUse`. */
export async function faultOf(answer: Promise<{ status: number; body: Any; text: string }>): Promise<string> {
  const { status, body, text } = await answer
  assert.ok(status >= 400, `${status} ${text.slice(0, 300)}`)
  return `${status} ${body.NeutronError.type}`
}

/** Changes one field after another; each is shown as it was given (or as the third says), and nothing else has changed but the revision. */
export async function changeEach(
  persona: Persona,
  path: string,
  changes: readonly [field: string, given: unknown, then?: unknown][],
): Promise<void> {
  for (const change of changes) {
    const [field, given] = change
    const before = await shown(persona, path)
    const [name] = Object.keys((await persona.get(`${v2}/${path}`)).body)
    const answer = await persona.put(`${v2}/${path}`, { [name!]: { [field]: given } })
    assert.equal(answer.status, 200, `${field} ${JSON.stringify(given)}: ${answer.text.slice(0, 300)}`)
    const expected = { ...before, [field]: change.length > 2 ? change[2] : given }
    const { revision_number, updated_at, ...rest } = await shown(persona, path)
    assert.deepEqual({ ...rest }, withoutTime(expected), `${field} ${JSON.stringify(given)}`)
    assert.ok(revision_number > before.revision_number, field)
    assert.ok(updated_at >= before.updated_at)
    assert.deepEqual(answer.body[name!], { ...rest, revision_number, updated_at })
  }
}

const withoutTime = ({ revision_number: _, updated_at: __, ...rest }: Record<string, unknown>) => rest
