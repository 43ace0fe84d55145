// What may be in an image, and the values that its fields may have.
import { type Static, Type } from 'typebox'
import { badRequest, forbidden } from '../../../api/faults.ts'
import { mostProperties, Nullable } from '../../../api/types.ts'
import { validator } from '../../../api/validate.ts'
import type { ImageStatus } from '../tables.ts'

export const containerFormats = ['ami', 'ari', 'aki', 'bare', 'ovf', 'ova', 'docker', 'compressed'] as const
export const diskFormats = ['ami', 'ari', 'aki', 'vhd', 'vhdx', 'vmdk', 'raw', 'qcow2', 'vdi', 'iso', 'ploop'] as const
export const visibilities = ['community', 'private', 'public', 'shared'] as const

const plain = '^[^\\u0000-\\u001f\\u007f]*$'
export const ImageId = Type.String({ pattern: '^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$' })
export const Tag = Type.String({ minLength: 1, maxLength: 255, pattern: plain })
const PropertyName = Type.String({ minLength: 1, maxLength: 255, pattern: plain })
const PropertyValue = Type.String({ maxLength: 65535 })
const oneOf = <const V extends readonly string[]>(values: V) => Type.Unsafe<V[number] | null>({ enum: [...values, null] })
const Size = Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1 })

/** Fields that a client may set. */
const fields = {
  id: ImageId,
  name: Nullable(Type.String({ maxLength: 255, pattern: plain })),
  visibility: Type.Unsafe<(typeof visibilities)[number]>({ enum: [...visibilities] }),
  container_format: oneOf(containerFormats),
  disk_format: oneOf(diskFormats),
  min_disk: Size,
  min_ram: Size,
  protected: Type.Boolean(),
  os_hidden: Type.Boolean(),
  owner: Type.String({ minLength: 1, maxLength: 255, pattern: plain }),
  tags: Type.Array(Tag, { maxItems: 1000 }),
}

const shown = {
  id: Type.String(),
  name: Nullable(Type.String()),
  status: Type.Unsafe<ImageStatus>({ enum: ['queued', 'saving', 'uploading', 'importing', 'active', 'deactivated', 'pending_delete'] }),
  visibility: fields.visibility,
  protected: Type.Boolean(),
  os_hidden: Type.Boolean(),
  owner: Type.String(),
  container_format: Nullable(Type.String()),
  disk_format: Nullable(Type.String()),
  min_disk: Type.Integer(),
  min_ram: Type.Integer(),
  size: Nullable(Type.Integer()),
  virtual_size: Nullable(Type.Integer()),
  checksum: Nullable(Type.String()),
  os_hash_algo: Nullable(Type.String()),
  os_hash_value: Nullable(Type.String()),
  created_at: Type.String(),
  updated_at: Type.String(),
  tags: Type.Array(Type.String()),
  /** Ids with commas between them; only of an image that has data. */
  stores: Type.Optional(Type.String()),
  /** Only where the operator lets it be seen. */
  locations: Type.Optional(Type.Array(Type.Object({ url: Type.String(), metadata: Type.Record(Type.String(), Type.String()) }))),
  self: Type.String(),
  file: Type.String(),
  schema: Type.String(),
}

/** An image as it is shown, beside its custom properties. */
export type ShownImage = Static<ReturnType<typeof Type.Object<typeof shown>>>
/** An image as it is shown (reference 11.2); all fields that are not named here are custom properties. */
export const Image = Type.Object(shown, { additionalProperties: Type.String() })

export const ImageCreate = Type.Partial(Type.Object(fields, { additionalProperties: PropertyValue }), {
  additionalProperties: PropertyValue,
  maxProperties: mostProperties,
})

const FieldValues = Type.Object(fields)
export type FieldName = Exclude<keyof typeof fields, 'id'>
export type Fields = Static<typeof FieldValues>

const readOnly = new Set([
  'created_at',
  'updated_at',
  'status',
  'checksum',
  'size',
  'virtual_size',
  'direct_url',
  'self',
  'file',
  'schema',
  'os_hash_algo',
  'os_hash_value',
  'stores',
])
const reserved = new Set(['location', 'deleted', 'deleted_at'])

/** Throws unless a client may write a field of that name (`id` only when the image is made). */
export function checkName(name: string): void {
  if (readOnly.has(name)) throw forbidden(`Attribute '${name}' is read-only.`)
  if (reserved.has(name) || name.startsWith('os_glance_')) throw forbidden(`Attribute '${name.slice(0, 80)}' is reserved.`)
  if (name === 'locations') throw forbidden("It's not allowed to update locations if locations are invisible.")
  if (name === '__proto__') throw badRequest('Invalid field name.')
}

export const isField = (name: string): name is FieldName => Object.hasOwn(fields, name) && name !== 'id'

const checks = new Map<string, ReturnType<typeof validator>>()
/** Throws 400 unless the value is right for the field, or for a custom property of that name. */
export function checkValue(name: string, value: unknown): void {
  let check = checks.get(isField(name) ? name : '')
  if (!check) {
    check = isField(name)
      ? validator({ type: 'object', properties: { [name]: fields[name] } }, false)
      : validator({ type: 'object', propertyNames: PropertyName, additionalProperties: PropertyValue }, false)
    checks.set(isField(name) ? name : '', check)
  }
  check.check({ [name]: value }, 'body')
}
