// network_data.json: what cloud-init needs to set up the guest's interfaces without DHCP.
import type { ServerPort } from '../../network/facade.ts'

function netmask(prefix: number): string {
  const bits = prefix === 0 ? 0 : (0xffffffff << (32 - prefix)) >>> 0
  return [24, 16, 8, 0].map((shift) => (bits >>> shift) & 255).join('.')
}

/** Address and mask of a CIDR in the form that its IP version has in this document. */
function split(cidr: string): { network: string; netmask: string } {
  const [network = '', prefix = '0'] = cidr.split('/')
  return { network, netmask: network.includes(':') ? prefix : netmask(Number(prefix)) }
}

/** The document for a server's ports, in their order. */
export function networkData(ports: ServerPort[]) {
  const dns = new Set<string>()
  const networks: object[] = []
  for (const port of ports) {
    const link = `tap${port.id.slice(0, 11)}`
    for (const fixed of port.fixedIps) {
      const common = { id: `network${networks.length}`, link, network_id: port.networkId }
      for (const address of fixed.dnsNameservers) dns.add(address)
      if (fixed.dhcp && fixed.ipVersion === 4) {
        networks.push({ ...common, type: 'ipv4_dhcp' })
        continue
      }
      const any = fixed.ipVersion === 4 ? { network: '0.0.0.0', netmask: '0.0.0.0' } : { network: '::', netmask: '::' }
      networks.push({
        ...common,
        type: `ipv${fixed.ipVersion}`,
        ip_address: fixed.ip,
        netmask: split(fixed.cidr).netmask,
        routes: [
          ...(fixed.gatewayIp ? [{ ...any, gateway: fixed.gatewayIp }] : []),
          ...fixed.hostRoutes.map((route) => ({ ...split(route.destination), gateway: route.nexthop })),
        ],
        services: fixed.dnsNameservers.map((address) => ({ type: 'dns', address })),
      })
    }
  }
  return {
    links: ports.map((port) => ({
      id: `tap${port.id.slice(0, 11)}`,
      type: 'tap',
      ethernet_mac_address: port.mac,
      mtu: port.mtu,
      vif_id: port.id,
    })),
    networks,
    services: [...dns].map((address) => ({ type: 'dns', address })),
  }
}
