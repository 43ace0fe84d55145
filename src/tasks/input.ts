// The input of a task as its declaration describes it: checked when it is started, and again when its row is read, since the row may be
// of an older version of the program.
import { Ajv2020 } from 'ajv/dist/2020.js'
import type { TSchema } from 'typebox'

type Check = ReturnType<Ajv2020['compile']>

const checks = new WeakMap<TSchema, Check>()
let ajv: Ajv2020 | undefined

/** What is wrong with the input, as a sentence; null when it fits. */
export function inputFault({ kind, input: schema }: { kind: string; input: TSchema }, input: unknown): string | null {
  let check = checks.get(schema)
  if (!check) {
    ajv ??= new Ajv2020({ strict: false })
    check = ajv.compile(schema)
    checks.set(schema, check)
  }
  if (check(input)) return null
  const [error] = check.errors!
  return `The input of ${kind} does not fit this version: ${error!.instancePath || 'it'} ${error!.message}.`
}
