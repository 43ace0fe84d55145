// Address translation and filter of a router as nftables tables, exchanged in one transaction; pure.
import { rulesHash } from '../commands/nft.ts'
import { parseAddress } from '../networks/addresses.ts'
import { gatewayLink } from '../networks/names.ts'
import type { RouterSpec } from './document.ts'
import { sourceRules } from './sources.ts'

export const natTable = 'nephos'

export interface Nat {
  script: string
  /** Known by this when it is read back. */
  hash: string
}

/**
 * Floating IPs are translated 1:1, what else leaves by the gateway gets the gateway's address when SNAT is on. Connections whose
 * translation is no longer asked for are dropped by the forward chain: conntrack would go on with them for days.
 */
export function renderNat(router: RouterSpec): Nat {
  const pairs = router.gateway
    ? router.floatingIps.map(({ floatingIp, fixedIp }) => ({ floating: v4(floatingIp), fixed: v4(fixedIp) }))
    : []
  pairs.sort((a, b) => (a.floating < b.floating ? -1 : 1))
  const gateway = router.gateway && gatewayLink(router.gateway.portId).inside
  const source = router.gateway?.fixedIps.map(({ ip }) => parseAddress(ip)).find(({ family }) => family === 4)?.address
  const set = (pair: (each: { floating: string; fixed: string }) => string) => `{ ${pairs.map(pair).join(', ')} }`
  const prerouting = pairs.length ? [`dnat to ip daddr map ${set(({ floating, fixed }) => `${floating} : ${fixed}`)}`] : []
  const postrouting: string[] = []
  const dropped: string[] = []
  if (gateway && pairs.length)
    postrouting.push(`oifname "${gateway}" snat to ip saddr map ${set(({ floating, fixed }) => `${fixed} : ${floating}`)}`)
  if (gateway && source && router.gateway?.snat) postrouting.push(`oifname "${gateway}" ip saddr != ${source} snat to ${source}`)
  // A guest that talks to a floating IP of its own router: the answer has to come back this way.
  if (source) postrouting.push(`iifname != "${gateway}" oifname != "${gateway}" ct status dnat snat to ${source}`)
  const current = (key: string, pair: (each: { floating: string; fixed: string }) => string) =>
    pairs.length ? `${key} != ${set(pair)} ` : ''
  dropped.push(
    `ct status dnat ${current('ct original ip daddr . ct reply ip saddr', ({ floating, fixed }) => `${floating} . ${fixed}`)}drop`,
  )
  dropped.push(
    `ct status snat ${source ? `ct reply ip daddr != ${source} ` : ''}${current('ct original ip saddr . ct reply ip daddr', ({ floating, fixed }) => `${fixed} . ${floating}`)}drop`,
  )
  const chain = (name: string, hook: string, rules: string[]) =>
    `\tchain ${name} {\n\t\ttype ${hook}; policy accept;\n${rules.map((rule) => `\t\t${rule}\n`).join('')}\t}\n`
  const body =
    chain('prerouting', 'nat hook prerouting priority dstnat', prerouting) +
    chain('postrouting', 'nat hook postrouting priority srcnat', postrouting) +
    chain('forward', 'filter hook forward priority filter', [...sourceRules(router, 4), ...dropped])
  const body6 = chain('forward', 'filter hook forward priority filter', sourceRules(router, 6))
  const hash = rulesHash(body + body6)
  const table = (family: string, inside: string) => {
    const name = `table ${family} ${natTable}`
    return `add ${name}\ndelete ${name}\n${name} {\n\tcomment "${hash}"\n${inside}}\n`
  }
  return { script: table('ip', body) + table('ip6', body6), hash }
}

/** The hash in a listing of the table. */
export const readNat = (listing: string | null): string | null =>
  listing === null ? null : (/^\tcomment "(\w+)"$/m.exec(listing)?.[1] ?? null)

function v4(text: string): string {
  const { family, address } = parseAddress(text)
  if (family !== 4) throw new Error(`${address}: only IPv4 addresses float`)
  return address
}
