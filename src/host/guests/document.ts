// What a guest is on a host, and what is told of it.
import { jobType } from '../jobs/job.ts'
import { documentKind } from '../kind.ts'

export interface GuestSpec {
  name: string
  vcpus: number
  ramMiB: number
  /** Root disk in GiB; 0 means as large as the image. */
  diskGiB: number
  ephemeralGiB: number
  swapMiB: number
  image: GuestImage
  /** Set for images booted by kernel and ramdisk (ami, aki, ari). */
  kernel: GuestImage | null
  ramdisk: GuestImage | null
  kernelArguments: string
  nics: { portId: string; mac: string; mtu: number }[]
  /** Whole tree of the metadata service, path to content: `openstack/latest/meta_data.json`, `latest/meta-data/instance-id`. */
  metadata: Record<string, string>
  /** Also give the tree as an ISO 9660 disk labelled config-2. */
  configDrive: boolean
  power: 'running' | 'off'
  /** True while a soft shutdown is wished before the power goes off; seconds to wait for it. */
  shutdownTimeout: number
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
  /** What the guest left as its password at the metadata service, encrypted for the owner's key by the guest itself. */
  password?: string
}

// One that takes its time to shut down must hold up nothing else.
export const guestKind = documentKind<GuestSpec, GuestStatus>()({
  name: 'guest',
  beside: true,
  jobs: {
    /** Presses the power button and starts the guest anew; tells whether it shut down by itself in the time that it has for that. */
    'reboot-soft': jobType<{ followed: boolean }>()({}),
    /** Ends the guest and starts it anew. */
    'reboot-hard': jobType<Record<string, never>>()({}),
  },
})
