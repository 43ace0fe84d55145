// Availability zones: one, that of the hosts.
import { Type } from 'typebox'
import { operation } from '../../api/operation.ts'
import { rule } from '../../auth/policy.ts'
import { zone } from './networks/view.ts'
import { Word } from './wire/fields.ts'
import { attributesQuery, checkFilters } from './wire/filters.ts'

const zoneFilters = ['name', 'resource', 'state'] as const

export const listZones = operation({
  id: 'availability-zones.list',
  method: 'GET',
  path: '/availability_zones',
  summary: 'List availability zones',
  catalog: [],
  policy: rule('get_availability_zone', '@', 'List availability zones.'),
  query: attributesQuery(zoneFilters),
  answer: Type.Object({
    availability_zones: Type.Array(
      Type.Object({ name: Type.String(), resource: Word('network', 'router'), state: Word('available', 'unavailable') }),
    ),
  }),
  async handle(context) {
    const up = (await context.cloud.hosts.list(context.db)).some((host) => host.enabled && host.up)
    const state = up ? 'available' : 'unavailable'
    checkFilters(context, zoneFilters)
    const zones = ['network', 'router'].map((resource) => ({ name: zone, resource, state }))
    const isWanted = (entry: (typeof zones)[number]) =>
      zoneFilters.every((name) => {
        const wanted = context.rawQuery.getAll(name)
        return !wanted.length || wanted.includes(entry[name])
      })
    return { availability_zones: zones.filter(isWanted) }
  },
})
