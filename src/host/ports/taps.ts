// The taps of ports and their guards, made, plugged and removed many at once.

import { batched } from '../commands/batch.ts'
import { isUp } from '../commands/ip.ts'
import { namespaceInode } from '../commands/netns.ts'
import { nftApply, nftChains } from '../commands/nft.ts'
import type { NetworkContext } from '../networks/context.ts'
import { bridgeName, ownerAlias, ownerOf, shortId, tapName } from '../networks/names.ts'
import { type Guard, guardInForce, guardRemoval, guardScript, readGuards } from './guard.ts'

export interface TapHave {
  mtu: number
  up: boolean
  /** Bridge in which it is plugged. */
  bridge: string | null
}

export interface Taps {
  /** Taps and the hashes of their guards, by port id. */
  observe(): Promise<Map<string, { tap: TapHave; guard: string | null }>>
  make(wish: { id: string; mtu: number }): Promise<void>
  guard(guard: Guard): Promise<void>
  unguard(tap: string): Promise<void>
  plug(wish: { id: string; networkId: string | null; mtu: number }): Promise<void>
  remove(id: string): Promise<void>
}

export function createTaps(context: NetworkContext): Taps {
  const { namespace } = context.switch

  const readBack = async () => readGuards(await nftChains(namespace, 'netdev'))

  return {
    async observe() {
      const have = new Map<string, { tap: TapHave; guard: string | null }>()
      if ((await namespaceInode(namespace)) === null) return have
      const [links, guards] = await Promise.all([context.switch.links(), readBack()])
      for (const link of links) {
        const id = ownerOf(link.ifalias, 'port')
        if (id === null || link.ifname !== tapName(id)) continue
        have.set(id, { tap: { mtu: link.mtu, up: isUp(link), bridge: link.master ?? null }, guard: guardInForce(guards, link.ifname) })
      }
      return have
    },
    make: batched(async (wishes) => {
      await context.switch.ensure()
      const there = new Set((await context.switch.links()).map((link) => link.ifname))
      await context.switch.batch(wishes.filter(({ id }) => !there.has(tapName(id))).flatMap(({ id, mtu }) => tapLines(context, id, mtu)))
    }),
    guard: batched(async (guards) => {
      await nftApply(namespace, guardScript(guards, await readBack()))
      const there = await readBack()
      for (const { tap, hash } of guards) if (guardInForce(there, tap) !== hash) throw new Error(`the guard of ${tap} is not in force`)
    }),
    unguard: batched(async (taps) => nftApply(namespace, guardRemoval(taps, await readBack()))),
    plug: batched((wishes) => context.switch.batch(wishes.flatMap(plugLines))),
    remove: batched(async (ids) => {
      if ((await namespaceInode(namespace)) === null) return
      const there = new Set((await context.switch.links()).map((link) => link.ifname))
      const taps = ids.map(tapName)
      await context.switch.batch(removalLines(taps.filter((tap) => there.has(tap))))
      await nftApply(namespace, guardRemoval(taps, await readBack()))
      await context.switch.removeIfEmpty()
    }),
  }
}

/** Lines for ip that make an unplugged tap; pure. It is root's until its guest starts. */
export function tapLines(options: { tapAs: 'tap' | 'veth' }, id: string, mtu: number): string[] {
  const tap = tapName(id)
  return [
    options.tapAs === 'tap' ? `tuntap add dev ${tap} mode tap user 0` : `link add name ${tap} type veth peer name peer${shortId(id)}`,
    `link set dev ${tap} alias ${ownerAlias('port', id)}`,
    `link set dev ${tap} mtu ${mtu}`,
  ]
}

/** A link group that marks links to be deleted; bridges use the groups up to 65,535. */
const goingGroup = 100_000

/** Lines that delete taps: as a group, because the kernel takes as long over one as over all. */
export function removalLines(taps: readonly string[]): string[] {
  return taps.length ? [...taps.map((tap) => `link set dev ${tap} group ${goingGroup}`), `link delete group ${goingGroup}`] : []
}

/** Lines that plug a tap into its network, or pull it out when `networkId` is null; pure. */
export function plugLines({ id, networkId, mtu }: { id: string; networkId: string | null; mtu: number }): string[] {
  if (networkId === null) return [`link set dev ${tapName(id)} nomaster down`]
  return [`link set dev ${tapName(id)} mtu ${mtu} master ${bridgeName(networkId)} up`]
}
