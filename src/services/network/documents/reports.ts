// What hosts report moves the status of ports, routers' ports and floating IPs, in the transaction of the report.
import type { Cloud } from '../../../cloud.ts'
import { floatingIpsOfRouter } from '../store/floating-ips.ts'
import { moveFloatingIps, movePorts } from '../store/machines.ts'
import { dhcpPortOf, findPort } from '../store/ports.ts'
import { findRouter, interfacesOf } from '../store/routers.ts'
import { forgetLeaving } from './store.ts'

/** Listens to the reports of all kinds that networking writes. Called once, when the cloud is made. */
export function listenToReports(cloud: Cloud): void {
  const { hosts, environment } = cloud
  const iso = () => new Date(environment.clock.now()).toISOString()

  hosts.onReport('port', async (tx, host, { id, outcome }) => {
    if (outcome === 'removed') {
      await forgetLeaving(tx.db, id, host)
      return
    }
    const port = await findPort(tx.db, id)
    if (port?.bound_host !== host) return
    if (outcome === 'failed') await movePorts(tx, [id], 'stops', iso())
    else if (await hosts.isDone(tx.db, host, 'port', id)) await movePorts(tx, [id], port.admin_state_up ? 'works' : 'stops', iso())
  })

  hosts.onReport('network', async (tx, host, { id, outcome }) => {
    const port = await dhcpPortOf(tx.db, id)
    if (!port) return
    if (outcome !== 'done') await movePorts(tx, [port.id], 'stops', iso())
    else if (await hosts.isDone(tx.db, host, 'network', id)) await movePorts(tx, [port.id], 'works', iso())
  })

  hosts.onReport('router', async (tx, host, { id, outcome }) => {
    const router = await findRouter(tx.db, id)
    if (!router || outcome === 'removed') return
    if (outcome === 'done' && !(await hosts.isDone(tx.db, host, 'router', id))) return
    const works = outcome === 'done' && router.admin_state_up
    const interfaces = await interfacesOf(tx.db, id)
    const ids = interfaces.filter((port) => port.admin_state_up).map((port) => port.id)
    if (router.gateway_port_id) ids.push(router.gateway_port_id)
    await movePorts(tx, ids, works ? 'works' : 'stops', iso())
    const floating = (await floatingIpsOfRouter(tx.db, id)).map((one) => one.id)
    await moveFloatingIps(tx, floating, works ? 'works' : outcome === 'failed' ? 'fails' : 'stops', iso())
  })
}
