// Making and moving floating IPs: for this API and for compute's.
import type { Static } from 'typebox'
import { notFound } from '../../../api/faults.ts'
import { syncRouter } from '../documents/routers.ts'
import { networkEvents, tellNetwork } from '../events.ts'
import { makePort } from '../ports/make.ts'
import { tellServer } from '../ports/tell-server.ts'
import { type FloatingIp, insertFloatingIp, lockFloatingIp, unassociated, updateFloatingIp } from '../store/floating-ips.ts'
import { moveFloatingIps } from '../store/machines.ts'
import { findVisibleNetwork } from '../store/networks.ts'
import { type Asker, actorOf } from '../wire/actor.ts'
import { networkNotFound } from '../wire/faults.ts'
import { associate } from './associate.ts'
import { badFloatingIpRequest } from './faults.ts'
import type { NewFloatingIp } from './schema.ts'

type Given = Static<typeof NewFloatingIp>

/** Takes an address of the external network, and puts it on the port if one is given. Throws 400, 404, 409 and QuotaExceeded. */
export async function makeFloatingIp(asker: Asker, projectId: string, given: Given): Promise<FloatingIp> {
  const { cloud, tx, now } = asker
  const address = given.floating_ip_address ?? undefined
  const network = await findVisibleNetwork(tx.db, actorOf(asker), given.floating_network_id)
  if (!network) throw networkNotFound(given.floating_network_id)
  if (!network.external) throw badFloatingIpRequest(`Network ${network.id} is not a valid external network`)
  if (given.port_id == null && given.fixed_ip_address != null) {
    throw badFloatingIpRequest('fixed_ip_address cannot be specified without a port_id')
  }
  await cloud.quota.take(tx, projectId, { 'network.floatingip': 1 })
  const id = cloud.environment.uuid()
  const association =
    given.port_id == null
      ? null
      : await associate(asker, {
          portId: given.port_id,
          fixedIp: given.fixed_ip_address ?? null,
          floatingNetworkId: network.id,
          projectId,
          self: null,
        })
  const wish = { subnet_id: given.subnet_id ?? undefined, ip_address: address }
  const port = await makePort(
    cloud,
    tx,
    {
      network,
      projectId: '',
      fixed: wish.subnet_id === undefined && wish.ip_address === undefined ? null : [wish],
      deviceId: id,
      deviceOwner: 'network:floatingip',
      securityGroups: [],
      portSecurity: false,
    },
    now,
  )
  const fixed = port.fixed_ips.find((one) => !one.ip_address.includes(':'))
  if (!fixed) throw badFloatingIpRequest(`Network ${network.id} does not contain any IPv4 subnet`)
  const row = await insertFloatingIp(tx.db, {
    id,
    project_id: projectId,
    description: given.description ?? '',
    floating_network_id: network.id,
    floating_ip_address: fixed.ip_address,
    floating_port_id: port.id,
    dns_name: '',
    dns_domain: '',
    created_at: now,
    updated_at: now,
    ...unassociated,
    status: 'DOWN',
    ...association,
  })
  await tellNetwork(cloud, tx, networkEvents.floatingip.created, row)
  if (association) await syncRouter(cloud, tx, association.router_id, now)
  await tellServer(cloud, tx, row.port_id)
  return row
}

/** Puts it on another port, takes it off (`portId` null) or leaves it where it is (null). Throws 400, 404 and 409. */
export async function moveFloatingIp(
  asker: Asker,
  { id }: Pick<FloatingIp, 'id'>,
  to: { portId: string | null; fixedIp: string | null } | null,
  more: { description?: string } = {},
): Promise<FloatingIp> {
  const { cloud, tx, now } = asker
  const self = await lockFloatingIp(tx.db, id)
  if (!self) throw notFound(`Floating IP ${id} could not be found`, 'FloatingIPNotFound')
  const { floating_network_id: floatingNetworkId, project_id: projectId } = self
  const association =
    to === null
      ? {}
      : to.portId === null
        ? unassociated
        : await associate(asker, { portId: to.portId, fixedIp: to.fixedIp, floatingNetworkId, projectId, self })
  if (to !== null) await moveFloatingIps(tx, [self.id], 'stops', now)
  const row = await updateFloatingIp(tx.db, self.id, { ...association, ...more }, now)
  for (const id of new Set([self.router_id, row.router_id])) if (id) await syncRouter(cloud, tx, id, now)
  await tellServer(cloud, tx, self.port_id, row.port_id)
  return row
}
