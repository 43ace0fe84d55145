import type { Selectable } from 'kysely'
import type { Tables } from '../../../db/tables.ts'

declare module '../../../db/tables.ts' {
  interface Narrow {
    compute_flavors: {
      /** MiB. */
      ram: number
      /** GiB; 0 means as large as the image. */
      disk: number
      /** GiB. */
      ephemeral: number
      /** MiB. */
      swap: number
      extra_specs: Record<string, string>
    }
  }
}

export type FlavorRow = Selectable<Tables['compute_flavors']>
export type FlavorAccessRow = Tables['compute_flavor_access']
