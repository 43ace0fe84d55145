// Lists of metadata definitions: the marker is a name.
import { type ListDeclaration, type Listing, listing } from '../../../api/listing.ts'
import { style } from '../listing.ts'

export const collection = (many: string, path: string, filters: ListDeclaration['filters'] = {}): Listing =>
  listing({
    style,
    many,
    path,
    filters,
    sortKeys: { name: 'name', namespace: 'name', created_at: 'created_at', updated_at: 'updated_at' },
    defaultSort: [
      ['created_at', 'desc'],
      ['name', 'desc'],
    ],
    id: 'name',
    maxLimit: 1000,
  })

/** Taken by the handlers. */
export const filtersOfNamespaces = {
  visibility: {},
  resource_types: { description: 'Names with commas between them: namespaces that are for one of these.' },
} as const
