// What a guest is on a host, and what is told of it.
import { jobType } from '../job.ts'
import { documentKind } from '../kind.ts'

export interface GuestSpec {
  name: string
  vcpus: number
  ramMiB: number
  /** Set for images booted by kernel and ramdisk (ami, aki, ari). */
  kernel: GuestImage | null
  ramdisk: GuestImage | null
  kernelArguments: string
  /** In the order in which the guest finds them at its start; the first is booted. What is added or removed, a running guest gains or loses. */
  disks: GuestDisk[]
  nics: GuestNic[]
  channels: GuestChannel[]
  /** Whole tree of the metadata service, path to content: `openstack/latest/meta_data.json`, `latest/meta-data/instance-id`. */
  metadata: Record<string, string>
  power: 'running' | 'off'
  /** True while a soft shutdown is wished before the power goes off; seconds to wait for it. */
  shutdownTimeout: number
}

export interface GuestDisk {
  /** Names its file and its device: up to 26 small letters, digits and dashes. */
  id: string
  source: DiskSource
  /** It grows when this does, and never shrinks; 0 means as large as the image. */
  sizeMiB: number
  limits?: DiskLimits
}

export type DiskSource =
  | { type: 'image'; image: GuestImage }
  | { type: 'blank'; format: 'ext4' | 'swap' | 'none'; label?: string }
  /** The tree of the metadata as an ISO 9660 disk labelled config-2; only at a guest's start. */
  | { type: 'metadata' }

/** A second; 0 or nothing means no limit. */
export interface DiskLimits {
  totalBytes?: number
  readBytes?: number
  writeBytes?: number
  totalOperations?: number
  readOperations?: number
  writeOperations?: number
}

/** Taken as it is when the guest starts or the nic is added; a change of its MTU waits for the next start. */
export interface GuestNic {
  portId: string
  mac: string
  mtu: number
}

/** A serial port between programs of the guest and the host, as `org.qemu.guest_agent.0`. */
export interface GuestChannel {
  name: string
}

export interface GuestImage {
  id: string
  format: 'raw' | 'qcow2'
  /** Bytes of the file. */
  size: number
  /** SHA-512 of the file, hex. */
  sha512: string
}

export interface GuestStatus {
  power: 'running' | 'off' | 'paused' | 'crashed'
  /** kvm or tcg. */
  accelerator?: string
  /** What a running guest has now, as QEMU says. */
  devices?: GuestDevices
  /** What the guest left as its password at the metadata service, encrypted for the owner's key by the guest itself. */
  password?: string
}

export interface GuestDevices {
  disks: { id: string; bytes: number }[]
  /** Their MAC addresses. */
  nics: string[]
  channels: string[]
}

/** What a guest was before it had lists of disks and channels. */
export interface GuestSpecBefore
  extends Pick<GuestSpec, 'name' | 'vcpus' | 'ramMiB' | 'kernel' | 'ramdisk' | 'kernelArguments' | 'nics' | 'metadata' | 'power'> {
  diskGiB: number
  ephemeralGiB: number
  swapMiB: number
  image: GuestImage
  configDrive: boolean
  shutdownTimeout: number
}

/** The disks that a server of a flavor has. */
export function flavorDisks(
  image: GuestImage,
  { diskGiB, ephemeralGiB, swapMiB, configDrive }: Pick<GuestSpecBefore, 'diskGiB' | 'ephemeralGiB' | 'swapMiB' | 'configDrive'>,
): GuestDisk[] {
  const blank = (id: string, sizeMiB: number, source: DiskSource): GuestDisk[] => (sizeMiB > 0 ? [{ id, source, sizeMiB }] : [])
  return [
    { id: 'root', source: { type: 'image', image }, sizeMiB: diskGiB * 1024 },
    ...blank('ephemeral', ephemeralGiB * 1024, { type: 'blank', format: 'ext4', label: 'ephemeral0' }),
    ...blank('swap', swapMiB, { type: 'blank', format: 'swap' }),
    ...(configDrive ? [{ id: 'config', source: { type: 'metadata' as const }, sizeMiB: 0 }] : []),
  ]
}

/** Reads a document of any version. */
export function upgradeGuest(spec: GuestSpec | GuestSpecBefore): GuestSpec {
  if ('disks' in spec) return spec
  const { diskGiB, ephemeralGiB, swapMiB, image, configDrive, ...rest } = spec
  return { ...rest, disks: flavorDisks(image, { diskGiB, ephemeralGiB, swapMiB, configDrive }), channels: [] }
}

// One that takes its time to shut down must hold up nothing else.
export const guestKind = documentKind<GuestSpec, GuestStatus>()({
  name: 'guest',
  beside: true,
  upgrade: (spec) => upgradeGuest(spec as GuestSpec | GuestSpecBefore),
  jobs: {
    /** Presses the power button and starts the guest anew; tells whether it shut down by itself in the time that it has for that. */
    'reboot-soft': jobType<{ followed: boolean }>()({}),
    /** Ends the guest and starts it anew. */
    'reboot-hard': jobType<Record<string, never>>()({}),
  },
})
