// What may happen to an image (reference 11.2): from its record to its data and its end. Handlers move it by `moveImage`, which also
// raises the revision.

import type { Tx } from '../../../db/database.ts'
import { machine } from '../../../db/machine.ts'
import '../tables.ts'
import type { ImageStatus } from '../tables.ts'

export const imageMachine = machine<{ status: ImageStatus }>()({
  name: 'image',
  table: 'images',
  columns: ['status'],
  initial: [{ status: 'queued' }],
  state: ({ status }): ImageStatus => status,
  events: {
    // Data sent by a client, or fetched by an import; a failure gives the record back as it was.
    upload: { from: { status: ['queued'] }, to: { status: 'saving' } },
    uploaded: { from: { status: ['saving'] }, to: { status: 'active' } },
    uploadFailed: { from: { status: ['saving', 'uploading'] }, to: { status: 'queued' } },
    // Data that waits for its import.
    stage: { from: { status: ['queued'] }, to: { status: 'uploading' } },
    import: { from: { status: ['queued', 'uploading'] }, to: { status: 'importing' } },
    imported: { from: { status: ['importing'] }, to: { status: 'active' } },
    importFailed: { from: { status: ['importing'] }, to: { status: 'queued' } },

    deactivate: { from: { status: ['active'] }, to: { status: 'deactivated' } },
    reactivate: { from: { status: ['deactivated'] }, to: { status: 'active' } },
    // Its data goes later. An image without that is gone at once, with its row.
    deleteLater: {
      from: { status: ['queued', 'saving', 'uploading', 'importing', 'active', 'deactivated'] },
      to: { status: 'pending_delete' },
    },
  },
})

export type ImageEvent = keyof typeof imageMachine.events

/** Makes the event happen at that time; see Machine.move. */
export const moveImage = (tx: Pick<Tx, 'db'>, id: string, event: ImageEvent, now: string, set: object = {}): Promise<boolean> =>
  imageMachine.move(tx, id, event, (eb: never) => ({
    ...set,
    updated_at: now,
    revision: (eb as (column: string, operator: string, value: number) => unknown)('revision', '+', 1),
  }))
