// Schema parts that all services share.
import { type Static, type TSchema, Type } from 'typebox'
import type { Secret } from '../auth/secret.ts'

/** A UUID in dashed or plain form. */
export const Uuid = Type.String({ pattern: '^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}$' })
/** Printable text of 1 to 255 characters: no control characters, not only blanks. */
export const Name = Type.String({ minLength: 1, maxLength: 255, pattern: '^(?=.*\\S)[^\\u0000-\\u001f\\u007f]*$' })
/** Printable text of at most 255 characters, may be empty. */
export const Text = Type.String({ maxLength: 255, pattern: '^[^\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f]*$' })
export const LongText = Type.String({ maxLength: 65535 })
/** Of an object whose names are the client's: far above every quota, so that the quota speaks first, and soon looked through. */
export const mostProperties = 1000
export const Metadata = Type.Record(
  Type.String({ minLength: 1, maxLength: 255, pattern: '^[^\\u0000-\\u001f]*$' }),
  Type.String({ maxLength: 255 }),
  { maxProperties: mostProperties },
)

/** A text that the handler gets as a Secret: the body can be printed without it. */
export const SecretText = (options: { minLength?: number; maxLength?: number } = {}) =>
  Type.Unsafe<Secret>({ type: 'string', ...options, writeOnly: true })

/** The schema or null; as one node, which the validator handles faster than a union. */
export const Nullable = <S extends TSchema>(schema: S) => Type.Unsafe<Static<S> | null>({ anyOf: [schema, { type: 'null' }] })

/** An object that refuses fields it does not name. */
export const Closed: typeof Type.Object = ((properties: never, options?: object) =>
  Type.Object(properties, { additionalProperties: false, ...options })) as never

/** A boolean as old clients write it: true, "True", "1", "on" ... The handler gets true or false. */
export const LooseBoolean = Type.Unsafe<boolean>({
  enum: [
    true,
    false,
    'True',
    'TRUE',
    'true',
    '1',
    'ON',
    'On',
    'on',
    'YES',
    'Yes',
    'yes',
    'False',
    'FALSE',
    'false',
    '0',
    'OFF',
    'Off',
    'off',
    'NO',
    'No',
    'no',
  ],
  'x-boolean': true,
})
export const isTrue = (value: unknown): boolean =>
  value === true || ['true', '1', 'on', 'yes', 't', 'y'].includes(String(value).toLowerCase())

/** Bounds that hold for a number however it is written; see `x-number` in validate.ts. */
export interface Bounds {
  minimum?: number
  exclusiveMinimum?: number
  maximum: number
}

const loose = (type: 'integer' | 'number', pattern: string, bounds: Bounds) =>
  Type.Unsafe<number>({
    anyOf: [
      { type, ...bounds },
      { type: 'string', pattern },
    ],
    'x-number': bounds,
  })

/** A whole number, also written as text in decimal digits. The handler gets a number within the bounds. */
export const LooseInteger = (minimum: number, maximum = 0x7fffffff) =>
  loose('integer', minimum < 0 ? '^-?[0-9]{1,10}$' : '^[0-9]{1,10}$', { minimum, maximum })

/** A number above zero, also written as text in decimal digits. */
export const LoosePositive = (maximum: number) => loose('number', '^[0-9]{1,9}(\\.[0-9]{1,9})?$', { exclusiveMinimum: 0, maximum })

export interface Link {
  rel: string
  href: string
}
