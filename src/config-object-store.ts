// The settings of the object store; part of the table in config.ts.
import type { Setting } from './config.ts'

export interface ObjectStoreConfig {
  /** File of settings of the object store. */
  objectStore: string | null
  /** Domains below which buckets stand in the host's name, with commas between them. */
  s3Domain: string | null
}

export const objectStoreSettings: readonly Setting[] = [
  {
    name: 'objectStore',
    type: 'path',
    default: null,
    argument: 'FILE',
    sentence:
      'Where the object store keeps bytes besides its own disk, and which other clouds containers may be synchronised with; see docs/object-store.md.',
    shown: '`object-store.yaml` in the data folder, when it is there',
  },
  {
    name: 's3Domain',
    type: 'text',
    default: null,
    argument: 'DOMAINS',
    sentence:
      'Domains, with commas between them, below which S3 buckets may stand in the host’s name (`bucket.s3.example.com`); see docs/object-store.md.',
    shown: 'none: buckets stand in the path',
  },
]
