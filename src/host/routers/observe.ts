// What the machine has of each router.

import { mapLimit } from '../commands/batch.ts'
import { isUp, type Link, listAddresses, listRoutes } from '../commands/ip.ts'
import { listNamespaces, namespaceInode } from '../commands/netns.ts'
import { nftTable } from '../commands/nft.ts'
import type { NetworkContext } from '../networks/context.ts'
import { ownerOf, routerNamespaces } from '../networks/names.ts'
import { endOf } from '../networks/observe.ts'
import { natTable, readNat } from './nat.ts'
import { type RouterHave, routeTarget } from './plan.ts'

const nothing = (): RouterHave => ({ namespace: false, links: new Map(), plugs: [], routes: [], nat: null })

/** Insides of the namespaces that were looked at a moment ago and not changed since; by router id. */
export type RouterLooks = Map<string, { at: number; inode: number; inside: Inside }>
type Inside = Pick<RouterHave, 'links' | 'routes' | 'nat'>
const believedMs = 5000

export async function observeRouters(context: NetworkContext, looks: RouterLooks): Promise<Map<string, RouterHave>> {
  const have = new Map<string, RouterHave>()
  const of = (id: string) => {
    const known = have.get(id) ?? nothing()
    have.set(id, known)
    return known
  }
  const plugs = new Map<string, Link>()
  for (const link of await context.switch.links()) {
    const id = ownerOf(link.ifalias, 'router')
    if (id === null) continue
    of(id).plugs.push(link.ifname)
    plugs.set(link.ifname, link)
  }
  const namespaces = routerNamespaces(context.prefix)
  await mapLimit(await listNamespaces(namespaces.all), 4, async (namespace) => {
    const id = namespaces.id(namespace)!
    const router = of(id)
    router.namespace = true
    const inside = await look(context, looks, id, namespace)
    const links = [...inside.links].flatMap(([name, end]) => {
      const plug = plugs.get(plugOf(name))
      return plug?.master && isUp(plug) ? [[name, { ...end, bridge: plug.master }] as const] : []
    })
    Object.assign(router, inside, { links: new Map(links) })
  })
  return have
}

const plugOf = (inside: string) => inside.replace(/^if/, 'rt').replace(/^gw/, 'gp')

async function look(context: NetworkContext, looks: RouterLooks, id: string, namespace: string): Promise<Inside> {
  const now = context.environment.clock.now()
  const inode = (await namespaceInode(namespace)) ?? 0
  const known = looks.get(id)
  if (known && known.inode === inode && now - known.at < believedMs) return known.inside
  const [addressed, routes, table] = await Promise.all([
    listAddresses(namespace),
    listRoutes(namespace),
    nftTable(namespace, 'ip', natTable),
  ])
  const links = new Map(addressed.filter(({ ifname }) => ifname !== 'lo').map((link) => [link.ifname, { ...endOf(link), bridge: '' }]))
  const written = routes
    .filter((route) => route.gateway)
    .map(
      ({ dst, gateway }) =>
        `${dst === 'default' && gateway!.includes(':') ? '::/0' : dst === 'default' ? dst : routeTarget(dst)} via ${gateway}`,
    )
  const inside = { links, routes: written, nat: readNat(table) }
  looks.set(id, { at: now, inode, inside })
  return inside
}
