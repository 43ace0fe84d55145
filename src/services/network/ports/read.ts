import { Type } from 'typebox'
import { badRequest } from '../../../api/faults.ts'
import { operation, reply } from '../../../api/operation.ts'
import { rule } from '../../../auth/policy.ts'
import type { Cloud } from '../../../cloud.ts'
import { serviceState } from '../../../service-state.ts'
import { canonicalIp } from '../addresses/ip.ts'
import { reader } from '../rules.ts'
import { findPorts, portsInGroups, portsOnSubnets, portsWithAddress, portsWithAddressLike, visiblePorts } from '../store/ports.ts'
import { listerOf } from '../wire/actor.ts'
import { FieldsQuery, listed, pickFields, Shown } from '../wire/listing.ts'
import { createRendered, type Rendered } from '../wire/rendered.ts'
import { portCollection, portResource } from './resource.ts'
import { Port } from './schema.ts'
import { portView, seenOfPort } from './view.ts'

const see = rule('get_port', `${reader} or rule:network_owner or rule:context_is_advsvc`, 'Show a port.')

/** Parts of addresses that one list compares: each is looked for in every address. */
const mostParts = 50

/** `fixed_ips=ip_address=10.0.0.5`, `fixed_ips=subnet_id=...`, also with a colon; given several times: all subnets and addresses together. */
function fixedFilters(values: string[]): Record<'ip_address' | 'subnet_id' | 'ip_address_substr', string[]> {
  const found = { ip_address: [] as string[], subnet_id: [] as string[], ip_address_substr: [] as string[] }
  for (const value of values.flatMap((text) => text.split(','))) {
    const match = /^(ip_address|subnet_id|ip_address_substr)[=:](.{1,64})$/.exec(value)
    if (!match) throw badRequest(`Invalid input for fixed_ips: '${value.slice(0, 60)}'.`)
    found[match[1] as keyof typeof found].push(match[2]!)
  }
  return found
}

/** By what is seen of where ports are bound. */
const renderedAs = serviceState(() => new Map<string, Rendered>())
function rendered(cloud: Cloud, seen: readonly string[]): Rendered {
  const known = renderedAs(cloud)
  const form = seen.join(' ')
  const texts = known.get(form) ?? createRendered(20_000)
  known.set(form, texts)
  return texts
}

/** Reference 13.4.1, 14.6.1: own ports and those on own networks. */
export const listPorts = operation({
  id: 'ports.list',
  method: 'GET',
  path: '/ports',
  summary: 'List ports',
  catalog: ['network-v2.0.ports.list-ports', 'network-v2.0-ext.ports-binding-extended-attributes.list-ports'],
  policy: see,
  query: portCollection.query,
  answer: portCollection.answer(Shown(Port)),
  async handle(context) {
    const { db, rawQuery } = context
    const seen = seenOfPort(context)
    let query = visiblePorts(db, listerOf(context, see.name))
    const fixed = fixedFilters(rawQuery.getAll('fixed_ips'))
    if (fixed.ip_address.length)
      query = query.where(
        'id',
        'in',
        portsWithAddress(
          db,
          fixed.ip_address.map((ip) => canonicalIp(ip) ?? ip),
        ),
      )
    if (fixed.subnet_id.length) query = query.where('id', 'in', portsOnSubnets(db, fixed.subnet_id))
    const parts = new Set(fixed.ip_address_substr)
    if (parts.size > mostParts) throw badRequest(`There are more than ${mostParts} parts of addresses.`)
    for (const part of parts) query = query.where('id', 'in', portsWithAddressLike(db, part))
    const groups = [...rawQuery.getAll('security_groups'), ...rawQuery.getAll('security_group_ids')]
    if (groups.length) query = query.where('id', 'in', portsInGroups(db, groups))
    const hosts = rawQuery.getAll('binding:host_id')
    // Who does not see the attribute finds nothing by it.
    if (hosts.length) query = seen.includes('binding:host_id') ? query.where('binding_host', 'in', hosts) : query.where('id', '=', '')
    if (rawQuery.has('fields') || rawQuery.has('marker')) {
      return listed(context, portCollection, query, (rows) => rows.map((port) => portView(port, seen)))
    }
    const page = await portCollection.page<{ id: string; revision: number }>(context, query.clearSelect().select(['id', 'revision']))
    const texts = await rendered(context.cloud, seen).texts(page.rows, async (ids) => {
      const ports = await findPorts(db, ids)
      return ports.map((port) => ({ id: port.id, revision: port.revision, view: portView(port, seen) }))
    })
    const { ports_links } = portCollection.body(context, page, null)
    const end = ports_links ? `,"ports_links":${JSON.stringify(ports_links)}` : ''
    return reply({ headers: { 'content-type': 'application/json' }, body: `{"ports":[${texts.join(',')}]${end}}` })
  },
})

/** Reference 13.4.4, 14.6.3. */
export const showPort = operation({
  id: 'ports.show',
  method: 'GET',
  path: '/ports/{port_id}',
  summary: 'Show a port',
  catalog: ['network-v2.0.ports.show-port-details', 'network-v2.0-ext.ports-binding-extended-attributes.show-port-details'],
  policy: see,
  on: portResource,
  query: FieldsQuery,
  answer: Type.Object({ port: Shown(Port) }),
  handle: async (context) => ({ port: pickFields(context, portView(context.port, seenOfPort(context))) }),
})
