// The flavors of a fresh cloud, as the old quick start shows them, and one that suits the small guest image.
import type { Cloud } from '../../../cloud.ts'
import { flavorCount, insertFlavor } from './store.ts'

const sizes: [id: string, name: string, vcpus: number, ram: number, disk: number][] = [
  ['1', 'm1.tiny', 1, 512, 1],
  ['2', 'm1.small', 1, 2048, 20],
  ['3', 'm1.medium', 2, 4096, 40],
  ['4', 'm1.large', 4, 8192, 80],
  ['5', 'm1.xlarge', 8, 16384, 160],
  ['42', 'm1.nano', 1, 128, 1],
]

/** Makes them once: an operator who deletes some does not get them back. */
export async function makeDefaultFlavors({ database, environment }: Cloud): Promise<void> {
  await database.write(async ({ db }) => {
    if ((await flavorCount(db)) > 0) return
    const created_at = new Date(environment.clock.now()).toISOString()
    for (const [id, name, vcpus, ram, disk] of sizes) {
      await insertFlavor(db, {
        id,
        name,
        vcpus,
        ram,
        disk,
        ephemeral: 0,
        swap: 0,
        rxtx_factor: 1,
        is_public: true,
        extra_specs: {},
        created_at,
      })
    }
  })
}
