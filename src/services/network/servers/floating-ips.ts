// Floating IPs as another service's API offers them: the same rows, with the same checks.
import { badRequest, notFound } from '../../../api/faults.ts'
import type { Db } from '../../../db/database.ts'
import { makeFloatingIp, moveFloatingIp } from '../floating-ips/make.ts'
import { removeFloatingIp } from '../floating-ips/remove.ts'
import { type FloatingIp, findVisibleFloatingIp, visibleFloatingIps } from '../store/floating-ips.ts'
import { findNetworks, type Network, visibleNetworks } from '../store/networks.ts'
import { findPorts, portsOfServers } from '../store/ports.ts'
import { type Asker, actorOf, type Looker, ordinary } from '../wire/actor.ts'

/** A floating IP with the name of its network, and the server that it leads to. */
export type PlacedFloatingIp = FloatingIp & { pool: string; serverId: string | null }

export interface FloatingIpsFacade {
  /** External networks, that floating IPs are taken from. */
  pools(db: Db, asker: Looker): Promise<Network[]>
  /** Those of the project. */
  list(db: Db, projectId: string): Promise<PlacedFloatingIp[]>
  find(db: Db, asker: Looker, id: string): Promise<PlacedFloatingIp | undefined>
  findByAddress(db: Db, asker: Looker, address: string): Promise<PlacedFloatingIp | undefined>
  /** `pool` is a network's name or id; null: the one called public, or the first. Throws 404 for a pool that is none. */
  create(asker: Asker, projectId: string, pool: string | null): Promise<PlacedFloatingIp>
  remove(asker: Asker, one: FloatingIp): Promise<void>
  /** Puts it on an address of the server, the first IPv4 one unless given. Throws 400 for a server without, 404 and 409. */
  addToServer(asker: Asker, one: FloatingIp, serverId: string, fixedIp: string | null): Promise<void>
  takeOff(asker: Asker, one: FloatingIp): Promise<void>
}

const pools = (db: Db, asker: Looker) =>
  visibleNetworks(db, actorOf(asker)).where('external', '=', true).orderBy('created_at').orderBy('id').execute()

async function placed(db: Db, rows: FloatingIp[]): Promise<PlacedFloatingIp[]> {
  const unique = (ids: (string | null)[]) => [...new Set(ids.flatMap((id) => id ?? []))]
  const networks = rows.length ? await findNetworks(db, unique(rows.map((row) => row.floating_network_id))) : []
  const names = new Map(networks.map((network) => [network.id, network.name || network.id]))
  const ports = new Map((await findPorts(db, unique(rows.map((row) => row.port_id)))).map((port) => [port.id, port]))
  return rows.map((row) => {
    const serverId = ports.get(row.port_id ?? '')?.bound_server ?? null
    return { ...row, pool: names.get(row.floating_network_id) ?? row.floating_network_id, serverId }
  })
}

const one = async (db: Db, row: FloatingIp | undefined) => row && (await placed(db, [row]))[0]!

export const floatingIpsFacade: FloatingIpsFacade = {
  pools,
  list: async (db, projectId) =>
    placed(db, await visibleFloatingIps(db, ordinary(projectId)).orderBy('created_at').orderBy('id').execute()),
  find: async (db, asker, id) => one(db, await findVisibleFloatingIp(db, actorOf(asker), id)),
  findByAddress: async (db, asker, address) =>
    one(db, await visibleFloatingIps(db, actorOf(asker)).where('floating_ip_address', '=', address).executeTakeFirst()),
  async create(asker, projectId, pool) {
    const { db } = asker.tx
    const all = await pools(db, asker)
    const network =
      pool === null
        ? (all.find(({ name }) => name === 'public') ?? all[0])
        : (all.find(({ id }) => id === pool) ?? all.find(({ name }) => name === pool))
    if (!network) throw notFound('Floating IP pool not found.')
    return (await one(db, await makeFloatingIp(asker, projectId, { floating_network_id: network.id })))!
  },
  remove: ({ cloud, tx }, row) => removeFloatingIp(cloud, tx, row),
  async addToServer(asker, row, serverId, fixedIp) {
    const addresses = (await portsOfServers(asker.tx.db, [serverId])).flatMap((port) =>
      port.fixed_ips.filter(({ ip_address }) => !ip_address.includes(':')).map(({ ip_address }) => ({ portId: port.id, ip: ip_address })),
    )
    if (!addresses.length) throw badRequest('No fixed IPs associated to instance')
    const to = fixedIp === null ? addresses[0] : addresses.find(({ ip }) => ip === fixedIp)
    if (!to) throw badRequest('Specified fixed address not assigned to instance')
    await moveFloatingIp(asker, row, { portId: to.portId, fixedIp: to.ip })
  },
  async takeOff(asker, row) {
    await moveFloatingIp(asker, row, { portId: null, fixedIp: null })
  },
}
