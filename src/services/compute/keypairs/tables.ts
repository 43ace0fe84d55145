import type { Generated } from 'kysely'

export interface KeypairRow {
  seq: Generated<number>
  user_id: string
  name: string
  type: string
  /** One line as in authorized_keys. */
  public_key: string
  /** MD5 in hex pairs, as OpenStack's clients show it. */
  fingerprint: string
  created_at: string
}

declare module '../../../db/tables.ts' {
  interface Tables {
    compute_keypairs: KeypairRow
  }
}
