// DELETE /v2/stores/{store}/{image} (version 2.10 and later): an image that lies in several stores leaves one of them.
import { conflict, forbidden, notFound } from '../../../api/faults.ts'
import { operation } from '../../../api/operation.ts'
import { rule } from '../../../auth/policy.ts'
import { activeLocations, release } from '../images/locations.ts'
import { images, missingImage } from '../images/resource.ts'
import { change } from '../images/store.ts'
import { ownerMember } from '../rules.ts'

export const deleteFromStore = operation({
  id: 'stores.delete_image',
  method: 'DELETE',
  path: '/stores/{store_id}/{image_id}',
  summary: 'Delete the data of an image from one of its stores',
  catalog: [],
  status: 204,
  policy: rule('delete_image_location', ownerMember, 'Delete the data of an image from one of its stores.'),
  on: images,
  async handle({ image, params, tx, now, cloud }) {
    const { store_id } = params
    await change(tx.db, image.id, now) // locks the row
    const row = await tx.db.selectFrom('images').select(['status', 'protected']).where('id', '=', image.id).executeTakeFirst()
    if (!row || row.status === 'pending_delete') throw notFound(missingImage(image.id))
    if (!cloud.image.stores.get(store_id)) throw conflict(`The selected store ${store_id.slice(0, 64)} is not available on this node.`)
    if (row.status !== 'active') throw conflict("It's not allowed to remove image data from store if image status is not 'active'")
    const locations = await activeLocations(tx.db, image.id)
    if (!locations.some(({ store }) => store === store_id)) {
      throw notFound(`Image ${image.id} is not stored in store ${store_id.slice(0, 64)}.`)
    }
    if (locations.length === 1) {
      throw forbidden('Cannot delete image data from the only store containing it. Consider deleting the image instead.')
    }
    if (row.protected) throw forbidden(`Image ${image.id} is protected and cannot be deleted.`)
    await release(tx.db, image.id, now, { store: store_id })
    tx.afterCommit(cloud.image.scrubber.kick)
  },
})
