// The field `locations` of images, where the operator lets it be seen: where the data lies, one entry for each store.
import { conflict, forbidden } from '../../../api/faults.ts'
import type { BaseContext } from '../../../api/operation.ts'
import type { Config } from '../../../config.ts'
import type { Stores } from '../stores/index.ts'
import type { ShownImage } from './schema.ts'
import type { FullImage } from './store.ts'

/** What an image's answer has more. Locations of a deactivated image are nobody's concern. */
export function addresses({ config, stores }: { config: Config; stores: Stores }, image: FullImage): Pick<ShownImage, 'locations'> {
  if (!config.showMultipleLocations) return {}
  const places = image.status === 'deactivated' ? [] : image.places
  return { locations: places.map(({ store, data_key }) => ({ url: stores.get(store)?.url(data_key) ?? '', metadata: { store } })) }
}

/**
 * Takes one location out of the image in memory, by a change of `/locations/N`. Throws 403 for all other changes: data that no
 * store has looked at never becomes an image's.
 */
export function dropPlace({ allows }: Pick<BaseContext, 'allows'>, image: FullImage, op: string, index: string | undefined): void {
  if (op !== 'remove' || index === undefined || !/^\d{1,3}$/.test(index)) {
    throw forbidden('Locations can only be removed, one by one; data is brought to a store by upload and import.')
  }
  if (!allows('delete_image_location')) throw forbidden('You are not authorized to complete delete_image_location action.')
  if (image.status !== 'active') throw conflict(`It's not allowed to remove locations while the image is ${image.status}.`)
  if (Number(index) >= image.places.length) throw conflict(`There is no location ${index}.`)
  if (image.places.length === 1) throw forbidden('Cannot delete the only location of an image. Consider deleting the image instead.')
  image.places.splice(Number(index), 1)
}
