// The first start makes the external network.
import type { Cloud } from '../../../cloud.ts'
import { formatCidr, hostRange, parseCidr } from '../addresses/cidr.ts'
import { formatIp } from '../addresses/ip.ts'
import { defaultPools } from '../addresses/pools.ts'
import { syncPort } from '../documents/ports.ts'
import { syncRouter } from '../documents/routers.ts'
import { unplacedRouters } from '../documents/store.ts'
import { defaultMtu } from '../networks/attributes.ts'
import { insertNetwork } from '../store/networks.ts'
import { renamedPorts } from '../store/ports.ts'
import { insertSubnet } from '../store/subnets.ts'
import { adminProject, claimBootstrap } from './store.ts'

/** Idempotent: an external network that was deleted or changed later is left as it is. */
export async function bootstrapNetwork(cloud: Cloud): Promise<void> {
  const { environment, database, config } = cloud
  const now = new Date(environment.clock.now()).toISOString()
  await database.write(async (tx) => {
    if (!(await claimBootstrap(tx.db))) return
    const project_id = await adminProject(tx.db)
    const cidr = parseCidr(config.externalCidr)!
    const gateway = hostRange(cidr).first
    const common = { project_id, created_at: now, updated_at: now }
    const network = await insertNetwork(tx.db, {
      ...common,
      id: environment.uuid(),
      name: 'public',
      description: 'The external network',
      admin_state_up: true,
      status: 'ACTIVE',
      external: true,
      is_default: true,
      mtu: defaultMtu,
      dns_domain: '',
      availability_zone_hints: [],
    })
    await insertSubnet(tx.db, {
      ...common,
      id: environment.uuid(),
      network_id: network.id,
      name: 'public-subnet',
      description: '',
      ip_version: cidr.version,
      cidr: formatCidr(cidr),
      gateway_ip: formatIp({ version: cidr.version, value: gateway }),
      enable_dhcp: false,
      allocation_pools: defaultPools(cidr, gateway),
      dns_nameservers: [],
      host_routes: [],
      ipv6_address_mode: null,
      ipv6_ra_mode: null,
    })
    await cloud.quota.count(tx, project_id, { 'network.network': 1, 'network.subnet': 1 })
  })
  await placeRouters(cloud)
  await rewriteRenamedPorts(cloud)
}

/** Before ports had the mark of compute, their documents were made of `device_id`: those that say otherwise are made right. */
async function rewriteRenamedPorts(cloud: Cloud): Promise<void> {
  await cloud.database.write(async (tx) => {
    for (const port of await renamedPorts(tx.db)) await syncPort(cloud, tx, port)
  })
}

/** Puts routers that were made while no host was known onto one. */
export async function placeRouters(cloud: Cloud): Promise<void> {
  const { environment, database } = cloud
  for (const id of await unplacedRouters(database.read)) {
    await database.write((tx) => syncRouter(cloud, tx, id, new Date(environment.clock.now()).toISOString()))
  }
}
