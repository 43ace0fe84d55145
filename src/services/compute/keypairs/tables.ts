import type { Tables } from '../../../db/tables.ts'

declare module '../../../db/tables.ts' {
  interface Narrow {
    compute_keypairs: {
      /** One line as in authorized_keys. */
      public_key: string
      /** MD5 in hex pairs, as OpenStack's clients show it. */
      fingerprint: string
    }
  }
}

export type KeypairRow = Tables['compute_keypairs']
