// What happens to images, as others may read it.
import { Type } from 'typebox'
import type { Cloud } from '../../cloud.ts'
import type { Tx } from '../../db/database.ts'
import { eventType } from '../../events/event.ts'

const payload = Type.Object({
  id: Type.String(),
  name: Type.Union([Type.String(), Type.Null()]),
  owner: Type.String(),
  /** Bytes, of an image that has data. */
  size: Type.Union([Type.Integer(), Type.Null()]),
})

export const imageEvents = {
  created: eventType('image.create', payload),
  /** It has its data. */
  activated: eventType('image.activate', payload),
  deleted: eventType('image.delete', payload),
}

/** Tells it in the transaction in which it happens. */
export const tellImage = (
  cloud: Cloud,
  tx: Tx,
  what: keyof typeof imageEvents,
  image: { id: string; name: string | null; owner_id: string; size: number | null },
  by: { request_id?: string; user_id?: string } = {},
): Promise<void> =>
  cloud.events.tell(tx, imageEvents[what], {
    ...by,
    project_id: image.owner_id,
    resource: { kind: 'image', id: image.id },
    payload: { id: image.id, name: image.name, owner: image.owner_id, size: image.size },
  })
