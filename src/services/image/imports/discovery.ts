// What may be imported (version 2.6 and later): GET /v2/info/import.
import { Type } from 'typebox'
import { operation } from '../../../api/operation.ts'
import { rule } from '../../../auth/policy.ts'
import type { Stores } from '../stores/index.ts'

export const importMethods = ['glance-direct', 'web-download', 'copy-image'] as const

/** What the answer to a creation says of how data may follow. */
export const importHeaders = (stores: Stores) => ({
  'openstack-image-import-methods': importMethods.join(','),
  'openstack-image-store-ids': stores.all.map(({ id }) => id).join(','),
})

const policy = rule('default', '', 'What needs no more than a token.')

export const showImportInfo = operation({
  id: 'info.import',
  method: 'GET',
  path: '/info/import',
  summary: 'Show the ways in which images may be imported',
  catalog: [],
  answer: Type.Object({
    'import-methods': Type.Object({ description: Type.String(), type: Type.String(), value: Type.Array(Type.String()) }),
  }),
  policy,
  handle: async () => ({ 'import-methods': { description: 'Import methods available.', type: 'array', value: [...importMethods] } }),
})
