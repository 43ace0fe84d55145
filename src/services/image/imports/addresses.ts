// Which addresses are of the public Internet. All others could be machines that only this one reaches.
import { BlockList, isIP } from 'node:net'

const special = new BlockList()
const ranges = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
]
for (const range of ranges) {
  const [address = '', length] = range.split('/')
  special.addSubnet(address, Number(length), 'ipv4')
}
// Of version 6 only global unicast is open, without those parts of it that stand for version 4 addresses or for nothing.
const global = new BlockList()
global.addSubnet('2000::', 3, 'ipv6')
for (const [address, length] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const) {
  special.addSubnet(address, length, 'ipv6')
}

/** True for an address of the public Internet. Anything else, also text that is no address, is not. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address)
  if (family === 4) return !special.check(address, 'ipv4')
  return family === 6 && !address.includes('%') && global.check(address, 'ipv6') && !special.check(address, 'ipv6')
}
