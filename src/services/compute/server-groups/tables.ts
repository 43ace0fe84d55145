import type { Generated } from 'kysely'

export type GroupPolicy = 'affinity' | 'anti-affinity' | 'soft-affinity' | 'soft-anti-affinity'

export interface ServerGroupRow {
  seq: Generated<number>
  id: string
  name: string
  policy: GroupPolicy
  project_id: string
  user_id: string
  /** Counts up with each member that is placed: who counts has the group for itself until its transaction ends. */
  placements: Generated<number>
  created_at: string
}

export interface ServerGroupMemberRow {
  server_id: string
  group_id: string
}

declare module '../../../db/tables.ts' {
  interface Tables {
    compute_server_groups: ServerGroupRow
    compute_server_group_members: ServerGroupMemberRow
  }
}
