// /v2/cache (version 2.14 and later): which images have a copy on the local disk, or shall have one. 404 where there is no cache.
import { Type } from 'typebox'
import { badRequest, notFound } from '../../../api/faults.ts'
import { operation } from '../../../api/operation.ts'
import { rule } from '../../../auth/policy.ts'
import type { Cloud } from '../../../cloud.ts'
import { images } from '../images/resource.ts'
import { admin } from '../rules.ts'

const list = rule('cache_list', admin, 'List images in the cache and its queue.')
const fill = rule('cache_image', admin, 'Have an image fetched into the cache.')
const clear = rule('cache_delete', admin, 'Remove images from the cache and its queue.')

function cacheOf({ image }: Cloud) {
  if (!image.cache.enabled) throw notFound('Caching via API is not supported at this site.')
  return image.cache
}

export const listCache = operation({
  id: 'cache.list',
  method: 'GET',
  path: '/cache',
  summary: 'List images in the cache and its queue',
  catalog: [],
  answer: Type.Object({
    cached_images: Type.Array(
      Type.Object({
        image_id: Type.String(),
        size: Type.Integer(),
        hits: Type.Integer(),
        last_accessed: Type.Number(),
        last_modified: Type.Number(),
      }),
    ),
    queued_images: Type.Array(Type.String()),
  }),
  policy: list,
  handle: ({ cloud }) => cacheOf(cloud).list(),
})

export const queueForCache = operation({
  id: 'cache.queue',
  method: 'PUT',
  path: '/cache/{image_id}',
  summary: 'Have an image fetched into the cache',
  catalog: [],
  transaction: 'none',
  status: 202,
  policy: fill,
  on: images,
  async handle({ image, cloud }) {
    const cache = cacheOf(cloud)
    if (image.status !== 'active') throw badRequest('Only images with status active can be targeted for queueing')
    await cache.queue(image.id)
  },
})

export const removeFromCache = operation({
  id: 'cache.remove',
  method: 'DELETE',
  path: '/cache/{image_id}',
  summary: 'Remove an image from the cache or its queue',
  catalog: [],
  transaction: 'none',
  status: 204,
  policy: clear,
  on: images,
  async handle({ image, cloud }) {
    if (!(await cacheOf(cloud).remove(image.id))) throw notFound(`Image ${image.id} is not in the cache.`)
  },
})

export const clearCache = operation({
  id: 'cache.clear',
  method: 'DELETE',
  path: '/cache',
  summary: 'Clear the cache, its queue, or both',
  catalog: [],
  transaction: 'none',
  status: 204,
  policy: clear,
  async handle({ cloud, headers }) {
    const cache = cacheOf(cloud)
    const target = String(headers['x-image-cache-clear-target'] ?? '').toLowerCase()
    if (!['', 'cache', 'queue'].includes(target)) throw badRequest('The target of clearing must be cache or queue.')
    const { cached_images, queued_images } = await cache.list()
    const waiting = target === 'cache' ? [] : queued_images
    const there = target === 'queue' ? [] : cached_images.map(({ image_id }) => image_id)
    for (const id of new Set([...waiting, ...there])) await cache.remove(id)
  },
})
