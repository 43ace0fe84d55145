// For the host tests: frames as a hostile guest makes them, byte by byte.
import type { StandIn } from './machine.ts'

const sending =
  'my ($index, @frames) = @ARGV; socket(my $out, 17, 3, 0) or die $!; ' +
  'for (@frames) { send($out, pack("H*", $_), 0, pack("S n i S C C a8", 17, 3, $index, 0, 0, 6, "")) or die $! }'

/** Sends frames, in hex, out of a guest's eth0 past its own network stack. */
export async function sendFrames(guest: StandIn, ...frames: string[]): Promise<void> {
  const [link] = JSON.parse(await guest.run('ip', ['-j', 'link', 'show', 'dev', 'eth0'])) as [{ ifindex: number }]
  await guest.run('perl', ['-e', sending, String(link.ifindex), ...frames.map((frame) => frame.padEnd(120, '0'))])
}

const hex = (value: number, bytes: number) => value.toString(16).padStart(bytes * 2, '0')
export const mac = (text: string) => text.replaceAll(':', '')
export const ip4 = (text: string) =>
  text
    .split('.')
    .map((octet) => hex(Number(octet), 1))
    .join('')
/** All eight groups of an address that is written with `::`. */
export function ip6(text: string): string {
  const [first = '', second = ''] = text.split('::')
  const groups = (part: string) => part.split(':').filter(Boolean)
  const middle = 8 - groups(first).length - groups(second).length
  return [...groups(first), ...Array(middle).fill('0'), ...groups(second)].map((group: string) => group.padStart(4, '0')).join('')
}

/** The sum that IP and what it carries are sealed with. */
function sum(text: string): string {
  const bytes = Buffer.from(text.length % 4 ? `${text}00` : text, 'hex')
  let total = 0
  for (let at = 0; at < bytes.length; at += 2) total += bytes.readUInt16BE(at)
  while (total > 0xffff) total = (total & 0xffff) + (total >>> 16)
  return hex(~total & 0xffff, 2)
}

export const frame = (to: string, from: string, type: string, payload: string) => `${mac(to)}${mac(from)}${type}${payload}`

export function udp4(from: string, to: string, ports: [number, number], data: string): string {
  const header = (seal: string) => `4500${hex(28 + data.length / 2, 2)}123400004011${seal}${ip4(from)}${ip4(to)}`
  return `${header(sum(header('0000')))}${hex(ports[0], 2)}${hex(ports[1], 2)}${hex(8 + data.length / 2, 2)}0000${data}`
}

/** A DHCP message for a MAC; `options` in hex, `relay` the address of the relay that it claims to come by. */
export const dhcp = (for_: string, options: string, relay = '0.0.0.0') =>
  `01010600deadbeef${'00'.repeat(16)}${ip4(relay)}${mac(for_)}${'00'.repeat(202)}63825363${options}ff`

/** A neighbour solicitation or advertisement for `target`. */
export function neighbour(type: 135 | 136, from: string, to: string, target: string): string {
  const message = (seal: string) => `${hex(type, 1)}00${seal}${type === 136 ? '20000000' : '00000000'}${ip6(target)}`
  const sealed = message(sum(`${ip6(from)}${ip6(to)}${hex(24, 4)}0000003a${message('0000')}`))
  return `60000000${hex(24, 2)}3aff${ip6(from)}${ip6(to)}${sealed}`
}

/** An ARP request. */
export const arpRequest = (sender: string, from: string, target: string) =>
  `0001080006040001${mac(sender)}${ip4(from)}000000000000${ip4(target)}`
