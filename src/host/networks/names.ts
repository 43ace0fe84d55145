// What our things are called on the machine. Namespaces carry the cloud's prefix and the whole id; links inside our own
// namespaces cannot meet others, so the 15 characters of their names are spent on the id.

/** The first 44 bits of a UUID, as 11 hex digits. Throws when it is no UUID: it becomes part of names and paths. */
export function shortId(id: string): string {
  const digits = id.replaceAll('-', '').toLowerCase()
  if (!/^[0-9a-f]{32}$/.test(digits) || id.length > 36) throw new Error(`${JSON.stringify(id.slice(0, 60))} is not a UUID`)
  return digits.slice(0, 11)
}

/** The tap of a port, in the switch namespace. */
export const tapName = (portId: string) => `tap${shortId(portId)}`
export const bridgeName = (networkId: string) => `br${shortId(networkId)}`
/** The namespace that holds the bridges and the guests' taps. */
export const switchNamespace = (prefix: string) => `${prefix}-switch`
/** The namespace from which floating IPs are reached. */
export const outsideNamespace = (prefix: string) => `${prefix}-outside`

const named = (prefix: string, what: string) => ({
  of: (id: string) => {
    shortId(id)
    return `${prefix}-${what}-${id}`
  },
  /** How all of them begin. */
  all: `${prefix}-${what}-`,
  id: (namespace: string) => (namespace.startsWith(`${prefix}-${what}-`) ? namespace.slice(`${prefix}-${what}-`.length) : null),
})
export const dhcpNamespaces = (prefix: string) => named(prefix, 'dhcp')
export const routerNamespaces = (prefix: string) => named(prefix, 'router')

/** Both ends of the link between a DHCP namespace and its bridge. */
export const dhcpLink = (networkId: string) => ({ inside: 'dhcp0', plug: `dhcp${shortId(networkId)}` })
export const outsideLink = (networkId: string) => ({ inside: `ext${shortId(networkId)}`, plug: `out${shortId(networkId)}` })
export const routerLink = (portId: string) => ({ inside: `if${shortId(portId)}`, plug: `rt${shortId(portId)}` })
export const gatewayLink = (portId: string) => ({ inside: `gw${shortId(portId)}`, plug: `gp${shortId(portId)}` })

/** The alias that says whose a link is: `network:<id>`. */
export const ownerAlias = (kind: 'network' | 'port' | 'router', id: string) => `${kind}:${id}`
export const ownerOf = (alias: string | undefined, kind: 'network' | 'port' | 'router') =>
  alias?.startsWith(`${kind}:`) ? alias.slice(kind.length + 1) : null
