// A guest document with small values, for the tests beside.
import { flavorDisks, type GuestDisk, type GuestImage, type GuestSpec } from '../../host/guests/document.ts'

export const testImage: GuestImage = { id: '00000000-0000-4000-8000-000000000001', format: 'qcow2', size: 1, sha512: 'a'.repeat(128) }

/** A root disk of that image, and what else is asked for. */
export const testDisks = (image: GuestImage = testImage, more: Partial<Parameters<typeof flavorDisks>[1]> = {}): GuestDisk[] =>
  flavorDisks(image, { diskGiB: 1, ephemeralGiB: 0, swapMiB: 0, configDrive: false, ...more })

export const blankDisk = (id: string, sizeMiB: number): GuestDisk => ({ id, source: { type: 'blank', format: 'none' }, sizeMiB })

export const guestSpec = (change: Partial<GuestSpec> = {}): GuestSpec => ({
  name: 'web,readonly=off\n"1"',
  vcpus: 1,
  ramMiB: 128,
  kernel: null,
  ramdisk: null,
  kernelArguments: '',
  disks: testDisks(),
  nics: [],
  channels: [],
  metadata: {},
  power: 'running',
  shutdownTimeout: 0,
  ...change,
})
