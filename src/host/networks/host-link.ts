// The way from the machine itself to the external networks, for those who ask for it (hostRoute): a veth into the outside
// namespace, and routes over it.
import { networkInterfaces } from 'node:os'
import { run } from '../commands/exec.ts'
import { deleteLink, ipBatch, type Route } from '../commands/ip.ts'
import { namespaceInode, setKernel } from '../commands/netns.ts'
import { nftApply, nftTable, rulesHash } from '../commands/nft.ts'
import { outsideNamespace } from './names.ts'
import { bringUp } from './plug.ts'

export interface HostLink {
  /** Whether the machine has the link, with its filter, and exactly these routes (as `10.0.0.0/24`); no link when none is wished. */
  agrees(ranges: readonly string[]): Promise<boolean>
  /** Makes it so. The outside namespace must be there. */
  settle(ranges: readonly string[]): Promise<void>
  remove(): Promise<void>
}

/** Link-local, so that they meet no network of the machine. */
const addresses = { host: '169.254.96.1/30', outside: '169.254.96.2/30' }
const via = addresses.outside.split('/')[0]!

/**
 * Only the machine begins connections over the link: guests behind routers would else reach what listens on it. Beyond the outside
 * namespace nobody knows the way back to the host, hence the masquerade.
 */
function rules(inside: string): { script: string; hash: string } {
  const chain = (name: string, hook: string, lines: string[]) =>
    `\tchain ${name} {\n\t\ttype ${hook};\n${lines.map((line) => `\t\t${line}\n`).join('')}\t}\n`
  const body =
    chain('forward', 'filter hook forward priority filter; policy drop', [
      `iifname "${inside}" accept`,
      `oifname "${inside}" ct state established,related accept`,
    ]) + chain('postrouting', 'nat hook postrouting priority srcnat; policy accept', [`iifname "${inside}" masquerade`])
  const hash = rulesHash(body)
  return { script: `add table ip nephos\ndelete table ip nephos\ntable ip nephos {\n\tcomment "${hash}"\n${body}}\n`, hash }
}

export function createHostLink({ prefix, hostRoute }: { prefix: string; hostRoute: boolean }): HostLink {
  const namespace = outsideNamespace(prefix)
  const link = `${prefix}-host`
  const inside = 'host0'
  const isThere = () => Object.hasOwn(networkInterfaces(), link)
  const { script, hash } = rules(inside)
  const isOneWay = async () =>
    (await namespaceInode(namespace)) !== null && !!(await nftTable(namespace, 'ip', 'nephos'))?.includes(`comment "${hash}"`)

  async function routes(): Promise<string[]> {
    const text = await run('ip', ['-4', '-j', 'route', 'show', 'dev', link])
    return (text.trim() ? (JSON.parse(text) as Route[]) : [])
      .filter(({ gateway }) => gateway === via)
      .map(({ dst }) => (dst.includes('/') ? dst : `${dst}/32`))
  }

  const same = (have: readonly string[], ranges: readonly string[]) =>
    have.length === ranges.length && ranges.every((range) => have.includes(range))

  return {
    agrees: async (ranges) => (hostRoute && isThere() ? same(await routes(), ranges) && (await isOneWay()) : hostRoute === isThere()),
    async settle(ranges) {
      if (!hostRoute) return isThere() ? deleteLink(null, link) : undefined
      if (!isThere()) {
        await deleteLink(null, link) // half-made, or on its way out with a namespace that is gone
        await ipBatch(null, [
          `link add name ${link} type veth peer name ${inside} netns ${namespace}`,
          `link set dev ${link} up`,
          `addr add ${addresses.host} dev ${link}`,
        ])
        await bringUp(namespace, inside, [addresses.outside])
      }
      if (!(await isOneWay())) {
        await nftApply(namespace, script)
        await setKernel(namespace, ['net.ipv4.ip_forward=1'])
      }
      const have = await routes()
      await ipBatch(null, [
        ...have.filter((range) => !ranges.includes(range)).map((range) => `route delete ${range} via ${via} dev ${link}`),
        ...ranges.map((range) => `route replace ${range} via ${via} dev ${link}`),
      ])
    },
    remove: async () => (isThere() ? deleteLink(null, link) : undefined),
  }
}
