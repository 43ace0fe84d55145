// The driver of routers: a namespace each, with one link into every network it connects.
import { announceAddress, ipBatch } from '../commands/ip.ts'
import { addNamespace, removeNamespace, setKernel } from '../commands/netns.ts'
import { nftApply } from '../commands/nft.ts'
import type { Driver, Step } from '../driver.ts'
import type { NetworkContext } from '../networks/context.ts'
import { routerNamespaces } from '../networks/names.ts'
import { plugLines } from '../networks/plug.ts'
import { observeRouters, type RouterLooks } from './observe.ts'
import { isEmpty, planRouter, type RouterHave, type RouterPlan } from './plan.ts'

/** Forwards; answers for an address only on the link that has it; believes neither redirects nor other routers. */
const kernel = [
  'net.ipv4.ip_forward=1',
  'net.ipv6.conf.all.forwarding=1',
  'net.ipv4.conf.all.arp_ignore=1',
  'net.ipv4.conf.all.arp_announce=2',
  'net.ipv4.conf.all.send_redirects=0',
  'net.ipv4.conf.default.send_redirects=0',
  'net.ipv4.conf.all.accept_redirects=0',
  'net.ipv4.conf.default.accept_redirects=0',
  'net.ipv4.conf.all.promote_secondaries=1',
  'net.ipv4.conf.all.rp_filter=0',
  'net.ipv4.conf.default.rp_filter=0',
  'net.ipv6.conf.all.accept_ra=0',
  'net.ipv6.conf.default.accept_ra=0',
]

export function routerDriver(context: NetworkContext): Driver<'router', RouterHave> {
  const namespaces = routerNamespaces(context.prefix)
  const looks: RouterLooks = new Map()

  async function apply(id: string, plan: RouterPlan): Promise<void> {
    const namespace = namespaces.of(id)
    looks.delete(id)
    try {
      await ipBatch(namespace, plan.forget)
      await context.switch.remove(plan.unplug)
      if (plan.makeNamespace) {
        await removeNamespace(namespace)
        await addNamespace(namespace)
        await setKernel(namespace, kernel)
      }
      // Translation stands before the first packet can pass.
      if (plan.nat !== null) await nftApply(namespace, plan.nat)
      await context.switch.batch(plan.plug.flatMap(plugLines))
      await ipBatch(namespace, plan.lines)
    } finally {
      looks.delete(id)
    }
    // Each takes a second, for which nobody needs to wait: neighbours that know nothing yet ask anyway.
    for (const { link, address } of plan.announce) {
      void announceAddress(namespace, link, address).catch((error: Error) =>
        context.log.warn({ router: id, address, error: error.message }, 'an address was not announced'),
      )
    }
  }

  async function remove(id: string, have: RouterHave): Promise<void> {
    looks.delete(id)
    await context.switch.remove(have.plugs)
    await removeNamespace(namespaces.of(id))
    await context.switch.removeIfEmpty()
  }

  return {
    kind: 'router',
    jobs: {},
    observe: () => observeRouters(context, looks),
    plan(id, want, have): Step[] {
      if (!want) return have ? [{ name: 'remove router', run: () => remove(id, have) }] : []
      const plan = planRouter(namespaces.of(id), id, want, context.wanted().networks, have)
      return isEmpty(plan) ? [] : [{ name: 'change router', run: () => apply(id, plan) }]
    },
  }
}
