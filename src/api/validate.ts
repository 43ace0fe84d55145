// Schemas are compiled when they are first needed: compiling all at start would cost most of a second.

import type { ValidateFunction } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { Secret } from '../auth/secret.ts'
import { badRequest } from './faults.ts'
import { type Bounds, isTrue } from './types.ts'

let strict: Ajv2020 | undefined
let coercing: Ajv2020 | undefined

const options = {
  allErrors: false,
  strict: false,
  coerceTypes: false as const,
  removeAdditional: false,
  useDefaults: false,
  allowUnionTypes: true,
  validateFormats: true,
  // Errors name what they were checked against.
  verbose: true,
}

function compiler(coerce: boolean): Ajv2020 {
  const known = coerce ? coercing : strict
  if (known) return known
  const made = new Ajv2020({ ...options, coerceTypes: coerce })
  ;(addFormats as unknown as (ajv: Ajv2020) => void)(made)
  // What is never given back is not to be seen here either.
  made.removeKeyword('writeOnly')
  replacing(made, 'writeOnly', (_schema: boolean, text) => new Secret(text as string), 'string')
  replacing(made, 'x-boolean', (_schema: boolean, value) => isTrue(value))
  // Bounds are for what is written, whichever way: as a text it would get past `minimum`.
  replacing(made, 'x-number', ({ minimum, exclusiveMinimum, maximum }: Bounds, value) => {
    const number = Number(value) + 0 // no -0
    const isWithin = number >= (minimum ?? -maximum) && number > (exclusiveMinimum ?? Number.NEGATIVE_INFINITY) && number <= maximum
    return isWithin ? number : undefined
  })
  if (coerce) coercing = made
  else strict = made
  return made
}

/** A keyword that puts another value into the place of one that is valid; undefined where it is not. */
function replacing<S>(ajv: Ajv2020, keyword: string, replace: (schema: S, value: unknown) => unknown, type?: 'string'): void {
  ajv.addKeyword({
    keyword,
    ...(type && { type }),
    modifying: true,
    errors: false,
    validate(
      schema: S,
      data: unknown,
      _parent?: object,
      place?: { parentData: Record<string | number, unknown>; parentDataProperty: string | number },
    ) {
      const value = replace(schema, data)
      if (place && value !== undefined) place.parentData[place.parentDataProperty] = value
      return value !== undefined
    },
  })
}

export interface Validator {
  /** Throws a 400 that names the field. */
  check(value: unknown, where: 'body' | 'query'): void
}

/** The check of a schema as it is: what it refuses is in `errors` of the function. */
export const schemaCheck = (schema: object): ValidateFunction => compiler(false).compile(schema)

/** A validator for a schema; `coerce` where values come as text. */
export function validator(schema: object, coerce: boolean): Validator {
  let validate: ValidateFunction | undefined
  return {
    check(value, where) {
      validate ??= compiler(coerce).compile(schema)
      if (validate(value)) return
      const error = validate.errors![0]!
      const field = error.instancePath.slice(1).replaceAll('/', '.') || (where === 'query' ? 'query' : 'body')
      const extra = error.params as { additionalProperty?: string; allowedValues?: unknown[] }
      const detail =
        extra.additionalProperty !== undefined
          ? `Additional properties are not allowed ('${clip(extra.additionalProperty)}' was unexpected)`
          : extra.allowedValues
            ? `must be one of ${extra.allowedValues.slice(0, 12).map(String).join(', ')}`
            : error.keyword === 'x-number'
              ? boundsOf(error.schema as Bounds)
              : error.message
      throw badRequest(`Invalid input for field/attribute ${field}. ${detail}`)
    },
  }
}

const boundsOf = ({ minimum, exclusiveMinimum, maximum }: Bounds) =>
  `must be ${minimum === undefined ? `greater than ${exclusiveMinimum}` : `at least ${minimum}`} and at most ${maximum}`

const clip = (text: string) => (text.length > 100 ? `${text.slice(0, 100)}...` : text)
