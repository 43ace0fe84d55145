// Looks whether stores still have what was given to them. Works from outside of a running cloud: it changes nothing unless it is told to.
import type { Database } from '../../../db/database.ts'
import { activeLocations, type Location } from '../images/locations.ts'
import { moveImage } from '../images/machine.ts'
import type { Image } from '../images/store.ts'
import type { Stores } from './index.ts'
import { hashStream, type Received, tooLargeImage } from './receive.ts'
import { MissingData } from './store.ts'

export type Verdict = 'sound' | 'damaged' | 'missing' | 'unreachable'

export interface Verified {
  image: string
  name: string | null
  store: string
  verdict: Verdict
  /** What is wrong, in a sentence; '' for sound data. */
  detail: string
  bytes: number
}

export interface Progress {
  images: number
  ofImages: number
  /** Read so far, of all stores. */
  bytes: number
  ofBytes: number
}

interface Needs {
  database: Database
  stores: Stores
}

/** What the data lacks to be the image's. */
function differs(image: Image, { size, md5, sha512 }: Received): string {
  if (size !== image.size) return `It has ${size} bytes instead of ${image.size}.`
  if (image.checksum !== null && md5 !== image.checksum) return `Its MD5 is ${md5} instead of ${image.checksum}.`
  if (image.os_hash_algo === 'sha512' && sha512 !== image.os_hash_value) return 'Its SHA-512 is not that of the image.'
  return ''
}

async function verifyOne(
  stores: Stores,
  image: Image,
  location: Location,
  read: (bytes: number) => void,
): Promise<Pick<Verified, 'verdict' | 'detail'>> {
  const store = stores.get(location.store)
  if (!store) return { verdict: 'unreachable', detail: `There is no store ${location.store} in the settings.` }
  const size = image.size ?? 0
  try {
    // Beyond its size there may be more: that is damage too, and the store is the one to ask.
    const there = await store.size(location.data_key)
    if (there === null) return { verdict: 'missing', detail: 'The store does not have it.' }
    if (there !== size) return { verdict: 'damaged', detail: `It has ${there} bytes instead of ${size}.` }
    const body = size ? await store.read(location.data_key, 0, size - 1) : []
    async function* counted() {
      for await (const piece of body as AsyncIterable<Buffer>) {
        read(piece.length)
        yield piece
      }
    }
    const detail = differs(image, await hashStream(counted(), size))
    return detail ? { verdict: 'damaged', detail } : { verdict: 'sound', detail: '' }
  } catch (error) {
    if (error instanceof MissingData) return { verdict: 'missing', detail: 'The store does not have it.' }
    if ((error as Error).message === tooLargeImage(size).message) return { verdict: 'damaged', detail: `It has more than ${size} bytes.` }
    return { verdict: 'unreachable', detail: (error as Error).message }
  }
}

/** Reads every image (or one) in every store that has it. Images that are deleted meanwhile are left out. */
export async function* verifyImages({ database, stores }: Needs, imageId: string | null, tell: (progress: Progress) => void = () => {}) {
  const { read } = database
  let wanted = read.selectFrom('images').selectAll().where('status', 'in', ['active', 'deactivated']).orderBy('created_at')
  if (imageId !== null) wanted = wanted.where('id', '=', imageId)
  const images = await wanted.execute()
  const places = await read.selectFrom('image_locations').select(['image_id', 'size']).where('state', '=', 'active').execute()
  const ids = new Set(images.map(({ id }) => id))
  const ofBytes = places.reduce((sum, { image_id, size }) => sum + (ids.has(image_id) ? (size ?? 0) : 0), 0)
  const progress = { images: 0, ofImages: images.length, bytes: 0, ofBytes }
  for (const image of images) {
    for (const location of await activeLocations(read, image.id)) {
      const found = await verifyOne(stores, image, location, (bytes) => {
        progress.bytes += bytes
        tell(progress)
      })
      const still = async () =>
        (await activeLocations(read, image.id)).some((other) => other.data_key === location.data_key && other.store === location.store)
      if (found.verdict !== 'sound' && !(await still())) continue
      yield { image: image.id, name: image.name, store: location.store, bytes: image.size ?? 0, ...found } satisfies Verified
    }
    progress.images++
    tell(progress)
  }
}

/** Takes an active image out of use. Gives whether it was active. */
export const deactivate = (database: Database, imageId: string, now: string): Promise<boolean> =>
  database.write((tx) => moveImage(tx, imageId, 'deactivate', now))

export interface Orphan {
  store: string
  key: string
  bytes: number
}

const ours = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(\.[0-9a-f]{8})?$/i

/** Data that is named like that of images and belongs to none. Stores that cannot be listed are in `unreachable`. */
export async function findOrphans({
  database,
  stores,
}: Needs): Promise<{ orphans: Orphan[]; unreachable: { store: string; detail: string }[] }> {
  const orphans: Orphan[] = []
  const unreachable: { store: string; detail: string }[] = []
  for (const store of stores.all) {
    try {
      // First what is there, then what is known: a row is made before its data.
      const there: Orphan[] = []
      for await (const { key, size } of store.keys()) if (ours.test(key)) there.push({ store: store.id, key, bytes: size })
      const rows = await database.read.selectFrom('image_locations').select('data_key').where('store', '=', store.id).execute()
      const known = new Set(rows.map(({ data_key }) => data_key))
      for (const orphan of there) if (!known.has(orphan.key)) orphans.push(orphan)
    } catch (error) {
      unreachable.push({ store: store.id, detail: (error as Error).message })
    }
  }
  return { orphans, unreachable }
}
