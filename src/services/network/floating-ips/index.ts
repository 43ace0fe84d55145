// Floating IPs (reference 14.9.8 to 14.9.12): addresses of an external network that lead to ports.
import { type Static, Type } from 'typebox'
import { type BaseContext, operation, resource } from '../../../api/operation.ts'
import { rule } from '../../../auth/policy.ts'
import { holding } from '../../../db/hold.ts'
import { member, reader } from '../rules.ts'
import { checkAttributes, listerOf, ownedBy, ownerOf, viewerOf } from '../wire/actor.ts'
import { createEach, OneOrMany, OneOrManyMade } from '../wire/bodies.ts'
import { collection, FieldsQuery, listed, pickFields, Shown } from '../wire/listing.ts'
import { checkRevision } from '../wire/revision.ts'
import { badFloatingIpRequest } from './faults.ts'
import { makeFloatingIp, moveFloatingIp } from './make.ts'
import { removeFloatingIp } from './remove.ts'
import { FloatingIp, FloatingIpChanges, NewFloatingIp } from './schema.ts'
import { findVisibleFloatingIp, visibleFloatingIps } from './store.ts'
import { floatingIpView, floatingIpViews } from './view.ts'

const catalog = (name: string) => [`network-v2.0-ext.layer-3-networking.${name}`]

const floatingIpResource = resource({
  name: 'floatingIp',
  param: 'floatingip_id',
  hold: holding('network_floating_ips'),
  load: (id, context) => findVisibleFloatingIp(context.db, viewerOf(context), id),
  target: (row) => ownedBy(row.project_id),
  missing: (id) => `Floating IP ${id.slice(0, 100)} could not be found`,
  missingType: 'FloatingIPNotFound',
})

const list = collection({
  many: 'floatingips',
  columns: {
    id: 'id',
    description: 'description',
    project_id: 'project_id',
    tenant_id: 'project_id',
    floating_network_id: 'floating_network_id',
    floating_ip_address: 'floating_ip_address',
    port_id: 'port_id',
    fixed_ip_address: 'fixed_ip_address',
    router_id: 'router_id',
    status: 'status',
    revision_number: 'revision',
    created_at: 'created_at',
    updated_at: 'updated_at',
  },
  numbers: ['revision_number'],
})

const see = rule('get_floatingip', reader, 'Show a floating IP.')

export const listFloatingIps = operation({
  id: 'floating-ips.list',
  method: 'GET',
  path: '/floatingips',
  summary: 'List floating IPs',
  catalog: catalog('list-floating-ips'),
  policy: see,
  query: list.query,
  answer: list.answer(Shown(FloatingIp)),
  handle: (context) =>
    listed(context, list, visibleFloatingIps(context.db, listerOf(context, see.name)), (rows) => floatingIpViews(context.db, rows)),
})

export const showFloatingIp = operation({
  id: 'floating-ips.show',
  method: 'GET',
  path: '/floatingips/{floatingip_id}',
  summary: 'Show a floating IP',
  catalog: catalog('show-floating-ip-details'),
  policy: see,
  on: floatingIpResource,
  query: FieldsQuery,
  answer: Type.Object({ floatingip: Shown(FloatingIp) }),
  handle: async (context) => ({ floatingip: pickFields(context, await floatingIpView(context.db, context.floatingIp)) }),
})

async function createOne(context: BaseContext, given: Static<typeof NewFloatingIp>) {
  const projectId = ownerOf(context, given)
  const floating_ip_address = given.floating_ip_address ?? undefined
  checkAttributes(context, 'create_floatingip', ['floating_ip_address'], { floating_ip_address }, ownedBy(projectId))
  return floatingIpView(context.tx.db, await makeFloatingIp(context, projectId, given))
}

export const createFloatingIp = operation({
  id: 'floating-ips.create',
  method: 'POST',
  path: '/floatingips',
  summary: 'Create one floating IP or several',
  catalog: catalog('create-floating-ip'),
  body: OneOrMany('floatingip', 'floatingips', NewFloatingIp),
  status: 201,
  answer: OneOrManyMade('floatingip', 'floatingips', FloatingIp),
  quota: { 'network.floatingip': 'handler' },
  policy: rule('create_floatingip', member, 'Create a floating IP.'),
  handle: async (context) =>
    createEach(context.body, 'floatingip', 'floatingips', (given: Static<typeof NewFloatingIp>) => createOne(context, given)),
})

/** Reference 14.9.11: no port, or null for it, takes it off. */
export const changeFloatingIp = operation({
  id: 'floating-ips.update',
  method: 'PUT',
  path: '/floatingips/{floatingip_id}',
  summary: 'Put a floating IP on a port, or take it off',
  catalog: catalog('update-floating-ip'),
  body: FloatingIpChanges,
  answer: Type.Object({ floatingip: FloatingIp }),
  policy: rule('update_floatingip', member, 'Change a floating IP.'),
  on: floatingIpResource,
  async handle(context) {
    const { tx, floatingIp } = context
    const given = context.body.floatingip
    checkRevision(context, floatingIp.revision)
    if (given.fixed_ip_address != null && given.port_id == null && (given.port_id === null || floatingIp.port_id === null)) {
      throw badFloatingIpRequest('fixed_ip_address cannot be specified without a port_id')
    }
    // A new description alone leaves it where it is.
    const portId = given.port_id === undefined && Object.keys(given).length ? floatingIp.port_id : (given.port_id ?? null)
    const fixedIp = given.fixed_ip_address ?? null
    const association = portId === floatingIp.port_id && fixedIp === null ? null : { portId, fixedIp }
    const description = given.description === undefined ? {} : { description: given.description ?? '' }
    const row = await moveFloatingIp(context, floatingIp, association, description)
    return { floatingip: await floatingIpView(tx.db, row) }
  },
})

export const deleteFloatingIp = operation({
  id: 'floating-ips.delete',
  method: 'DELETE',
  path: '/floatingips/{floatingip_id}',
  summary: 'Delete a floating IP',
  catalog: catalog('delete-floating-ip'),
  status: 204,
  policy: rule('delete_floatingip', member, 'Delete a floating IP.'),
  on: floatingIpResource,
  async handle(context) {
    checkRevision(context, context.floatingIp.revision)
    await removeFloatingIp(context.cloud, context.tx, context.floatingIp)
  },
})
