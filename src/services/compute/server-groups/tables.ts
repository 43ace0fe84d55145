import type { Tables } from '../../../db/tables.ts'

export type GroupPolicy = 'affinity' | 'anti-affinity' | 'soft-affinity' | 'soft-anti-affinity'

declare module '../../../db/tables.ts' {
  interface Narrow {
    compute_server_groups: {
      policy: GroupPolicy
      /** Counts up with each member that is placed: who counts has the group for itself until its transaction ends. */
      placements: number
    }
  }
}

export type ServerGroupRow = Tables['compute_server_groups']
