// Block devices that a request names besides its image (reference 3.2.2). Only the image on the local disk is built, which is what
// `imageRef` says too; what else is asked for is told by its name.
import { type Static, Type } from 'typebox'
import { badRequest, notBuilt } from '../../../api/faults.ts'
import { LooseBoolean, LooseInteger, Nullable } from '../../../api/types.ts'

const Word = Type.String({ maxLength: 255, pattern: '^[^\\u0000-\\u001f\\u007f]*$' })
const source = ['image', 'volume', 'snapshot', 'blank'] as const

export const BlockDevices = Type.Array(
  Type.Object({
    source_type: Type.Unsafe<(typeof source)[number]>({ enum: [...source] }),
    destination_type: Type.Optional(Type.Unsafe<'local' | 'volume'>({ enum: ['local', 'volume'] })),
    uuid: Type.Optional(Nullable(Word)),
    boot_index: Type.Optional(Nullable(LooseInteger(-0x7fffffff))),
    volume_size: Type.Optional(Nullable(LooseInteger(1))),
    guest_format: Type.Optional(Nullable(Word)),
    delete_on_termination: Type.Optional(LooseBoolean),
  }),
  { maxItems: 255 },
)
/** The older form: every entry is a volume or a snapshot. */
export const VolumeMapping = Type.Array(Type.Any(), { maxItems: 255 })

type Device = Static<typeof BlockDevices>[number]

const ofVolumes: Record<Device['source_type'], string> = {
  volume: 'volume',
  snapshot: 'volume made of a snapshot',
  image: 'volume made of an image',
  blank: 'new empty volume',
}

/** What a device is, in words; null for the root disk of an image. */
function wordsOf({ source_type, destination_type, boot_index, guest_format }: Device): string | null {
  const isRoot = boot_index === 0
  if (destination_type === 'volume' || source_type === 'volume' || source_type === 'snapshot') {
    return `${isRoot ? 'Booting from' : 'A server with'} a ${ofVolumes[source_type]}`
  }
  if (source_type === 'blank') return guest_format === 'swap' ? 'A swap disk of its own size' : 'An ephemeral disk of its own size'
  return isRoot ? null : 'A second image as a local disk'
}

/** The image whose root disk the devices ask for; undefined when they say nothing of it. Throws 501 for all that is not built. */
export function imageOfDevices(v1: readonly unknown[] = [], v2: readonly Device[] = []): string | undefined {
  if (v1.length && v2.length) throw badRequest('Using different block_device_mapping syntaxes is not allowed in the same request.')
  if (v1.length) throw notBuilt('A server with volumes (block_device_mapping)')
  const wanted = v2.map((device) => wordsOf(device)).filter((words) => words !== null)
  if (wanted.length) throw notBuilt([...new Set(wanted)].slice(0, 8).join(', '))
  if (v2.length > 1)
    throw badRequest(
      'Block Device Mapping is Invalid: Boot sequence for the instance and image/block device mapping combination is not valid.',
    )
  if (v2.length && !v2[0]!.uuid) throw badRequest('Block Device Mapping is Invalid: the image of the root disk has no uuid.')
  return v2[0]?.uuid ?? undefined
}
