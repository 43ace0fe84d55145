// What may be imported (version 2.6 and later): GET /v2/info/import.
import { Type } from 'typebox'
import { operation } from '../../../api/operation.ts'
import { importMethods } from '../images/import-headers.ts'
import { tokenOnly } from '../rules.ts'

export const showImportInfo = operation({
  id: 'info.import',
  method: 'GET',
  path: '/info/import',
  summary: 'Show the ways in which images may be imported',
  catalog: [],
  answer: Type.Object({
    'import-methods': Type.Object({ description: Type.String(), type: Type.String(), value: Type.Array(Type.String()) }),
  }),
  policy: tokenOnly,
  handle: async () => ({ 'import-methods': { description: 'Import methods available.', type: 'array', value: [...importMethods] } }),
})
