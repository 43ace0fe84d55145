// What may be imported and where data is kept (info of version 2.6 and later): GET /v2/info/import, /v2/info/stores.
import { operation } from '../../../api/operation.ts'
import { rule } from '../../../auth/policy.ts'
import { admin } from '../rules.ts'

export const importMethods = ['glance-direct', 'web-download', 'copy-image'] as const
export const storeId = 'file'
const store = { id: storeId, description: 'Files in the data folder of the cloud', default: true }

/** What the answer to a creation says of how data may follow. */
export const importHeaders = { 'openstack-image-import-methods': importMethods.join(','), 'openstack-image-store-ids': storeId }

const policy = rule('default', '', 'What needs no more than a token.')

export const showImportInfo = operation({
  id: 'info.import',
  method: 'GET',
  path: '/info/import',
  summary: 'Show the ways in which images may be imported',
  catalog: [],
  policy,
  handle: async () => ({ 'import-methods': { description: 'Import methods available.', type: 'array', value: [...importMethods] } }),
})

export const listStores = operation({
  id: 'info.stores',
  method: 'GET',
  path: '/info/stores',
  summary: 'List the stores of image data',
  catalog: [],
  policy,
  handle: async () => ({ stores: [store] }),
})

export const listStoreDetails = operation({
  id: 'info.stores_detail',
  method: 'GET',
  path: '/info/stores/detail',
  summary: 'List the stores of image data with their properties',
  catalog: [],
  policy: rule('stores_info_detail', admin, 'List stores of image data with their properties.'),
  handle: async () => ({ stores: [{ ...store, type: 'file', weight: 0, properties: {} }] }),
})
