// The switch namespace: one for all networks, with their bridges, the guests' taps and one end of every other link.

import type { Clock } from '../../environment.ts'
import type { Log } from '../../log.ts'
import { inOrder, together } from '../commands/batch.ts'
import { deleteLink, ipBatch, type Link, listLinks } from '../commands/ip.ts'
import {
  addNamespace,
  attachNamespace,
  findTapHolder,
  kernelDifferences,
  namespaceInode,
  removeNamespace,
  setKernel,
} from '../commands/netns.ts'
import { switchNamespace } from './names.ts'

export interface Switch {
  namespace: string
  /** Makes the namespace when it is not there. */
  ensure(): Promise<void>
  /** Settings of the kernel that it lacks: without them bridged frames pass no rule. */
  unfiltered(): Promise<string[]>
  /** Sets them. */
  filter(): Promise<void>
  /** Its links; none when there is no namespace. */
  links(): Promise<Link[]>
  batch(lines: readonly string[]): Promise<void>
  /** Removes links; those that are gone already are no fault. */
  remove(names: readonly string[]): Promise<void>
  /** Removes the namespace when the last bridge and the last tap are gone. */
  removeIfEmpty(): Promise<void>
}

/** Bridged frames pass iptables; the bridges themselves have no addresses and answer nobody. */
const kernel = [
  'net.bridge.bridge-nf-call-iptables=1',
  'net.bridge.bridge-nf-call-ip6tables=1',
  'net.bridge.bridge-nf-call-arptables=0',
  'net.bridge.bridge-nf-filter-vlan-tagged=0',
  'net.ipv6.conf.all.disable_ipv6=1',
  'net.ipv6.conf.default.disable_ipv6=1',
  'net.ipv4.ip_forward=0',
]
/** How long a list of links is believed while nothing was changed by ourselves. */
const believedMs = 250

export function createSwitch(options: {
  prefix: string
  isGuestUid(uid: number): boolean
  clock: Clock
  log: Log
  taps(): ReadonlySet<string>
}): Switch {
  const namespace = switchNamespace(options.prefix)
  const order = inOrder()
  let known: { at: number; links: Promise<Link[]> } | null = null
  const look = async () => ((await namespaceInode(namespace)) === null ? [] : await listLinks(namespace))

  async function ensure(): Promise<void> {
    if ((await namespaceInode(namespace)) !== null) return
    known = null
    // A guest that runs keeps the namespace alive when only its name was deleted.
    const holder = await findTapHolder(options.isGuestUid, options.taps())
    if (holder !== null) {
      options.log.warn({ namespace, pid: holder }, 'the switch namespace lost its name; it is named again')
      await attachNamespace(namespace, holder)
    } else {
      await addNamespace(namespace)
      await ipBatch(namespace, ['link set lo up'])
    }
    await setKernel(namespace, kernel)
  }

  return {
    namespace,
    ensure: () => order(ensure),
    unfiltered: () => kernelDifferences(namespace, kernel),
    filter: () => setKernel(namespace, kernel),
    links() {
      const now = options.clock.now()
      if (!known || now - known.at >= believedMs) known = { at: now, links: look() }
      return known.links
    },
    async batch(lines) {
      if (!lines.length) return
      try {
        await ipBatch(namespace, lines)
      } finally {
        known = null
      }
    },
    async remove(names) {
      if (!names.length || (await namespaceInode(namespace)) === null) return
      try {
        for (const name of names) await deleteLink(namespace, name)
      } finally {
        known = null
      }
    },
    removeIfEmpty: together(() =>
      order(async () => {
        if ((await namespaceInode(namespace)) === null) return
        if ((await listLinks(namespace)).some((link) => link.ifname !== 'lo')) return
        await removeNamespace(namespace)
        known = null
      }),
    ),
  }
}
