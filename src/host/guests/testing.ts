// A guest document with small values, for the tests beside.
import type { GuestSpec } from './document.ts'

export const guestSpec = (change: Partial<GuestSpec> = {}): GuestSpec => ({
  name: 'web,readonly=off\n"1"',
  vcpus: 1,
  ramMiB: 128,
  diskGiB: 1,
  ephemeralGiB: 0,
  swapMiB: 0,
  image: { id: '00000000-0000-4000-8000-000000000001', format: 'qcow2', size: 1, sha512: 'a'.repeat(128) },
  kernel: null,
  ramdisk: null,
  kernelArguments: '',
  nics: [],
  metadata: {},
  configDrive: false,
  power: 'running',
  shutdownTimeout: 0,
  ...change,
})
