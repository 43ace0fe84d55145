import type { Stores } from '../stores/index.ts'

/** How data may come into an image besides an upload. */
export const importMethods = ['glance-direct', 'web-download', 'copy-image'] as const

/** What the answer to a creation says of how data may follow. */
export const importHeaders = (stores: Stores) => ({
  'openstack-image-import-methods': importMethods.join(','),
  'openstack-image-store-ids': stores.all.map(({ id }) => id).join(','),
})
