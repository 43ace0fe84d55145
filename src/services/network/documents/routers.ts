// A router is on the network host as soon as it has an interface or a gateway.
import type { Cloud } from '../../../cloud.ts'
import type { Db, Tx } from '../../../db/database.ts'
import { holdRow } from '../../../db/hold.ts'
import type { RouterSpec } from '../../../host/routers/document.ts'
import { floatingIpsOfRouter } from '../store/floating-ips.ts'
import { findPort, type Port, updatePort } from '../store/ports.ts'
import { findRouter, interfacesOf, type Router } from '../store/routers.ts'
import { findSubnets } from '../store/subnets.ts'
import { networkHost } from './host.ts'
import { placeNetwork } from './networks.ts'
import { hostAddresses } from './ports.ts'

async function routerSpec(db: Db, router: Router, interfaces: Port[], gateway: Port | undefined): Promise<RouterSpec> {
  const ports = gateway ? [...interfaces, gateway] : interfaces
  const subnets = await findSubnets(db, [...new Set(ports.flatMap((port) => port.fixed_ips.map((fixed) => fixed.subnet_id)))])
  const side = (port: Port) => ({
    portId: port.id,
    networkId: port.network_id,
    mac: port.mac_address,
    fixedIps: hostAddresses(port.fixed_ips, subnets),
  })
  const floatingIps = gateway ? await floatingIpsOfRouter(db, router.id) : []
  return {
    adminUp: router.admin_state_up,
    interfaces: interfaces.filter((port) => port.admin_state_up).map(side),
    gateway: gateway
      ? {
          ...side(gateway),
          gatewayIps: gateway.fixed_ips.flatMap((fixed) => {
            const subnet = subnets.find((one) => one.id === fixed.subnet_id)
            return subnet?.gateway_ip ? [subnet.gateway_ip] : []
          }),
          snat: router.enable_snat,
        }
      : null,
    floatingIps: floatingIps.flatMap((one) =>
      one.fixed_ip_address ? [{ id: one.id, floatingIp: one.floating_ip_address, fixedIp: one.fixed_ip_address }] : [],
    ),
    routes: router.routes,
  }
}

/** Brings the document of the router up to date, after any change of it, its ports or its floating IPs; also when it is gone. */
export async function syncRouter(cloud: Cloud, tx: Tx, routerId: string, now: string): Promise<void> {
  const { db } = tx
  // Of two changes at once the later document would else be without the earlier change.
  await holdRow(cloud.database, db, 'network_routers', routerId)
  const router = await findRouter(db, routerId)
  const interfaces = router ? await interfacesOf(db, routerId) : []
  const gateway = router?.gateway_port_id ? await findPort(db, router.gateway_port_id) : undefined
  const ports = gateway ? [...interfaces, gateway] : interfaces
  const holders = await cloud.hosts.holders(db, 'router', routerId)
  if (!router || !ports.length) {
    for (const host of holders) await cloud.hosts.remove(tx, host, 'router', routerId)
    return
  }
  const host = holders[0] ?? (await networkHost(cloud, db))
  if (host === null) return
  for (const port of ports) {
    if (port.bound_host === host) continue
    await updatePort(db, port.id, { bound_host: host, binding_host: host }, now)
    await placeNetwork(cloud, tx, port.network_id, host)
  }
  await cloud.hosts.put(tx, host, 'router', routerId, await routerSpec(db, router, interfaces, gateway))
}
