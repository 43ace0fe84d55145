// Leases whose port is gone are given back in the guest's stead (RFC 2131, 4.4.6): else dnsmasq would refuse the address
// to the next port that has it until the lease runs out.
import { randomBytes } from 'node:crypto'
import { openIn } from '../commands/netns.ts'
import { contains, parseRange } from './addresses.ts'
import type { HostSubnet } from './document.ts'

interface Lease {
  mac: string
  ip: string
}

/** The pairs of MAC and address of a hosts file. */
const leasesOf = (hosts: string): Lease[] =>
  hosts
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const fields = line.split(',')
      return { mac: fields[0]!, ip: fields.at(-1)! }
    })

export function leasesGone(before: string, after: string): Lease[] {
  const kept = new Set(leasesOf(after).map(({ mac, ip }) => `${mac} ${ip}`))
  return leasesOf(before).filter(({ mac, ip }) => !kept.has(`${mac} ${ip}`))
}

/** Tells the network's dnsmasq that what stood in `before` and not in `after` is free. */
export async function forgetLeases(namespace: string, subnets: readonly HostSubnet[], before: string, after: string): Promise<void> {
  const gone = leasesGone(before, after)
  if (!gone.length) return
  const socket = await openIn(namespace, { type: 'datagram', address: '0.0.0.0', port: 0 })
  try {
    for (const lease of gone) {
      const server = subnets.find((subnet) => subnet.ipVersion === 4 && contains(parseRange(subnet.cidr), lease.ip))?.dhcpIp
      if (!server) continue
      const packet = releasePacket(lease, server, randomBytes(4))
      await new Promise<void>((resolve, reject) => socket.send(packet, 67, server, (error) => (error ? reject(error) : resolve())))
    }
  } finally {
    socket.close()
  }
}

/** A DHCPRELEASE message. */
export function releasePacket({ mac, ip }: Lease, server: string, transaction: Buffer): Buffer {
  const octets = (address: string) => address.split('.').map(Number)
  const packet = Buffer.alloc(236)
  packet.set([1, 1, 6, 0], 0)
  packet.set(transaction, 4)
  packet.set(octets(ip), 12)
  packet.set(
    mac.split(':').map((byte) => Number.parseInt(byte, 16)),
    28,
  )
  return Buffer.concat([packet, Buffer.from([99, 130, 83, 99, 53, 1, 7, 54, 4, ...octets(server), 255])])
}
