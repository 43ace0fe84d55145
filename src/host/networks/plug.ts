// A veth pair from a namespace into a bridge of the switch.
import { ipBatch } from '../commands/ip.ts'
import type { NetworkContext } from './context.ts'

export interface Plug {
  namespace: string
  /** Name of the end in the namespace. */
  inside: string
  /** Name of the end in the bridge. */
  plug: string
  bridge: string
  alias: string
  mtu: number
  mac?: string
}

/** Makes the pair anew: an old one under the same name goes first. The end in the namespace stays down. */
export async function plugIn(context: NetworkContext, link: Plug): Promise<void> {
  await context.switch.remove([link.plug])
  await context.switch.batch(plugLines(link))
}

/** Lines for ip, in the switch namespace; pure. */
export function plugLines({ namespace, inside, plug, bridge, alias, mtu, mac }: Plug): string[] {
  return [
    `link add name ${plug} mtu ${mtu} type veth peer name ${inside}${mac ? ` address ${mac}` : ''} mtu ${mtu} netns ${namespace}`,
    `link set dev ${plug} alias ${alias}`,
    `link set dev ${plug} master ${bridge} up`,
  ]
}

/** Lines that add and remove addresses of a link; IPv6 ones are used at once, without a search for duplicates. */
export function addressLines(link: string, { add, remove }: { add: readonly string[]; remove: readonly string[] }): string[] {
  return [
    ...remove.map((address) => `addr del ${address} dev ${link}`),
    ...add.map((address) => `addr add ${address} dev ${link}${address.includes(':') ? ' nodad' : ''}`),
  ]
}

export async function bringUp(namespace: string, link: string, addresses: readonly string[]): Promise<void> {
  await ipBatch(namespace, ['link set dev lo up', `link set dev ${link} up`, ...addressLines(link, { add: addresses, remove: [] })])
}
