import type { Static } from 'typebox'
import type { BaseContext as Context } from '../../../api/operation.ts'
import type { Flavor } from './schema.ts'
import type { FlavorRow } from './tables.ts'

const links = (id: string, self: string, bookmark: string) => [
  { rel: 'self', href: `${self}/${id}` },
  { rel: 'bookmark', href: `${bookmark}/${id}` },
]

/** Renders flavors for one request. */
export function flavorView({ href }: Context) {
  const self = href('/flavors')
  const bookmark = href('//flavors')
  return {
    brief: (row: FlavorRow) => ({ id: row.id, name: row.name, links: links(row.id, self, bookmark) }),
    detail: (row: FlavorRow): Static<typeof Flavor> => ({
      id: row.id,
      name: row.name,
      ram: row.ram,
      disk: row.disk,
      swap: row.swap || '',
      vcpus: row.vcpus,
      rxtx_factor: row.rxtx_factor,
      'OS-FLV-EXT-DATA:ephemeral': row.ephemeral,
      'OS-FLV-DISABLED:disabled': false,
      'os-flavor-access:is_public': row.is_public,
      links: links(row.id, self, bookmark),
    }),
  }
}
