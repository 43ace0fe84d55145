import { Type } from 'typebox'
import { Closed, LooseBoolean, LooseInteger, mostProperties, Nullable, Uuid } from '../../../api/types.ts'
import { since, until } from '../../../api/versions.ts'
import { BlockDevices, VolumeMapping } from './block-devices.ts'

/** Without control characters, not blank, no blanks at its ends. */
export const ServerName = Type.String({ minLength: 1, maxLength: 255, pattern: '^(?=.*\\S)[^\\u0000-\\u001f\\u007f]*$' })
export const MetadataItems = Type.Unsafe<Record<string, string>>({
  type: 'object',
  patternProperties: {
    '^[a-zA-Z0-9\\-_:. ]{1,255}$': { type: 'string', maxLength: 255, pattern: '^[^\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f]*$' },
  },
  additionalProperties: false,
  maxProperties: mostProperties,
})
const DiskConfig = Type.Unsafe<'AUTO' | 'MANUAL'>({ enum: ['AUTO', 'MANUAL'] })
const Ipv4 = Type.String({ format: 'ipv4' })
const Ipv6 = Type.String({ format: 'ipv6' })
const Description = Nullable(Type.String({ maxLength: 255, pattern: '^[^\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f]*$' }))
const Word = Type.String({ minLength: 1, maxLength: 255, pattern: '^(?=.*\\S)[^\\u0000-\\u001f\\u007f]*$' })
const Ids = Type.Unsafe<string | string[]>({ anyOf: [Uuid, { type: 'array', items: Uuid, maxItems: 100 }] })
const Reference = Type.String({ maxLength: 1024, pattern: '^[^\\u0000-\\u001f]*$' })

const Nic = Closed({
  uuid: Type.Optional(Nullable(Uuid)),
  port: Type.Optional(Nullable(Uuid)),
  fixed_ip: Type.Optional(Type.Unsafe<string>({ anyOf: [Ipv4, Ipv6] })),
})

/** Only what the scheduler itself knows: anything else from outside is refused. */
const Hints = Closed({
  group: Type.Optional(Uuid),
  same_host: Type.Optional(Ids),
  different_host: Type.Optional(Ids),
})

export const CreateServer = Closed({
  server: Closed({
    name: ServerName,
    imageRef: Type.Optional(Nullable(Reference)),
    flavorRef: Type.Unsafe<string | number>({
      anyOf: [
        { type: 'string', minLength: 1, maxLength: 1024 },
        { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
      ],
    }),
    adminPass: Type.Optional(Type.String({ maxLength: 255, pattern: '^[^\\u0000-\\u001f]*$' })),
    metadata: Type.Optional(MetadataItems),
    networks: Type.Optional(Type.Array(Nic, { maxItems: 100 })),
    key_name: Type.Optional(Nullable(Word)),
    security_groups: Type.Optional(Type.Array(Closed({ name: Word }), { maxItems: 100 })),
    user_data: Type.Optional(Nullable(Type.String({ maxLength: 65535 }))),
    personality: Type.Optional(
      until(
        '2.56',
        Type.Array(Closed({ path: Type.String({ pattern: '^[^\\u0000-\\u001f]*$' }), contents: Type.String() }), { maxItems: 1000 }),
      ),
    ),
    availability_zone: Type.Optional(Nullable(Word)),
    config_drive: Type.Optional(Type.Unsafe<boolean | '' | null>({ anyOf: [LooseBoolean, { enum: ['', null] }] })),
    accessIPv4: Type.Optional(Ipv4),
    accessIPv6: Type.Optional(Ipv6),
    'OS-DCF:diskConfig': Type.Optional(DiskConfig),
    min_count: Type.Optional(LooseInteger(1)),
    max_count: Type.Optional(LooseInteger(1)),
    return_reservation_id: Type.Optional(LooseBoolean),
    description: Type.Optional(since('2.19', Description)),
    block_device_mapping: Type.Optional(VolumeMapping),
    block_device_mapping_v2: Type.Optional(BlockDevices),
  }),
  'os:scheduler_hints': Type.Optional(Hints),
  'OS-SCH-HNT:scheduler_hints': Type.Optional(Hints),
})

export const UpdateServer = Closed({
  server: Type.Object(
    {
      name: Type.Optional(ServerName),
      accessIPv4: Type.Optional(Nullable(Type.Unsafe<string>({ anyOf: [Ipv4, { enum: [''] }] }))),
      accessIPv6: Type.Optional(Nullable(Type.Unsafe<string>({ anyOf: [Ipv6, { enum: [''] }] }))),
      'OS-DCF:diskConfig': Type.Optional(DiskConfig),
      description: Type.Optional(since('2.19', Description)),
    },
    { additionalProperties: false, minProperties: 1 },
  ),
})
