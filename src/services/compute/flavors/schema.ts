import { Type } from 'typebox'
import { LinkSchema } from '../../../api/listing.ts'
import { Closed, LooseBoolean, LooseInteger, LoosePositive, mostProperties } from '../../../api/types.ts'

const FlavorName = Type.String({ minLength: 1, maxLength: 255, pattern: '^(?=.*\\S)[^\\u0000-\\u001f\\u007f]*$' })
const FlavorId = Type.Unsafe<string | number | null>({
  anyOf: [
    { type: 'string', minLength: 1, maxLength: 255, pattern: '^(?! )[a-zA-Z0-9. _-]+(?<! )$' },
    { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
    { type: 'null' },
  ],
})

export const CreateFlavor = Closed({
  flavor: Closed({
    name: FlavorName,
    id: Type.Optional(FlavorId),
    ram: LooseInteger(1),
    vcpus: LooseInteger(1),
    disk: LooseInteger(0),
    'OS-FLV-EXT-DATA:ephemeral': Type.Optional(LooseInteger(0)),
    swap: Type.Optional(LooseInteger(0)),
    rxtx_factor: Type.Optional(LoosePositive(3.4e38)),
    'os-flavor-access:is_public': Type.Optional(LooseBoolean),
  }),
})

/** A flavor as it is shown (reference 3.13 and the Compute page). */
export const Flavor = Type.Object({
  id: Type.String(),
  name: Type.String(),
  ram: Type.Integer(),
  disk: Type.Integer(),
  /** MiB; an empty text for none. */
  swap: Type.Unsafe<number | ''>({ anyOf: [{ type: 'integer' }, { const: '' }] }),
  vcpus: Type.Integer(),
  rxtx_factor: Type.Number(),
  'OS-FLV-EXT-DATA:ephemeral': Type.Integer(),
  'OS-FLV-DISABLED:disabled': Type.Boolean(),
  'os-flavor-access:is_public': Type.Boolean(),
  links: Type.Array(LinkSchema),
})
export const BriefFlavor = Type.Object({ id: Type.String(), name: Type.String(), links: Type.Array(LinkSchema) })
export const FlavorAccess = Type.Object({
  flavor_access: Type.Array(Type.Object({ flavor_id: Type.String(), tenant_id: Type.String() })),
})
export const ShownExtraSpecs = Type.Record(Type.String(), Type.String())

export const ExtraSpecKey = '^[a-zA-Z0-9_\\-. :]{1,255}$'
const SpecValue = Type.Unsafe<string | number>({
  anyOf: [{ type: 'string', maxLength: 255, pattern: '^[^\\u0000-\\u001f]*$' }, { type: 'number' }],
})
const specs = Type.Unsafe<Record<string, string | number>>({
  type: 'object',
  patternProperties: { [ExtraSpecKey]: SpecValue },
  maxProperties: mostProperties,
  additionalProperties: false,
})
export const ExtraSpecs = Closed({ extra_specs: specs })
export const OneExtraSpec = Type.Unsafe<Record<string, string | number>>({ ...specs, minProperties: 1, maxProperties: 1 })

const Tenant = Closed({ tenant: Type.String({ minLength: 1, maxLength: 64, pattern: '^[a-zA-Z0-9-]+$' }) })
export const AddAccess = Closed({ addTenantAccess: Tenant })
export const RemoveAccess = Closed({ removeTenantAccess: Tenant })
