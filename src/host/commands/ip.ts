// iproute2: what links, addresses and routes a namespace has, and batches of changes to them.
import { CommandError, run } from './exec.ts'
import { runIn } from './netns.ts'

export interface Link {
  ifname: string
  /** Text that we leave on a link to find it again: whose it is. */
  ifalias?: string
  address: string
  mtu: number
  master?: string
  /** A number on the link, `default` for 0. */
  group: string
  flags: string[]
}

export interface Address {
  family: 'inet' | 'inet6'
  local: string
  prefixlen: number
  scope: string
}

export interface AddressedLink extends Link {
  addr_info: Address[]
}

export interface Route {
  dst: string
  gateway?: string
  dev?: string
  protocol?: string
  flags: string[]
}

/** Runs the lines one after the other in one process; the first that fails ends it. No namespace: where the agent runs. */
export async function ipBatch(namespace: string | null, lines: readonly string[]): Promise<void> {
  if (!lines.length) return
  for (const line of lines) if (/[^\x20-\x7e]/.test(line)) throw new Error(`ip: a line with control characters: ${JSON.stringify(line)}`)
  await run('ip', [...where(namespace), '-batch', '-'], { input: `${lines.join('\n')}\n` })
}

/** Deletes a link; that it is gone already is no fault: the other end of a pair goes with its namespace, in the kernel's own time. */
export async function deleteLink(namespace: string | null, name: string): Promise<void> {
  try {
    await run('ip', [...where(namespace), 'link', 'delete', 'dev', name])
  } catch (error) {
    if (!(error instanceof CommandError && error.stderr.includes('Cannot find device'))) throw error
  }
}

export async function listLinks(namespace: string): Promise<Link[]> {
  return parse(await run('ip', [...where(namespace), '-j', 'link', 'show'])) as Link[]
}

export async function listAddresses(namespace: string): Promise<AddressedLink[]> {
  const links = parse(await run('ip', [...where(namespace), '-j', 'addr', 'show'])) as AddressedLink[]
  return links.filter((link) => link.ifname)
}

/** The routes that somebody set, IPv4 and IPv6; not those that the kernel makes for addresses. */
export async function listRoutes(namespace: string): Promise<Route[]> {
  const lists = await Promise.all(
    ['-4', '-6'].map((family) => run('ip', [...where(namespace), family, '-j', 'route', 'show', 'proto', 'static'])),
  )
  return lists.flatMap((text) => parse(text) as Route[])
}

const where = (namespace: string | null) => (namespace ? ['-n', namespace] : [])
const parse = (text: string): unknown => (text.trim() ? JSON.parse(text) : [])
export const isUp = (link: Link) => link.flags.includes('UP')

/** Tells the neighbours on a link where an address is now (gratuitous ARP). */
export async function announceAddress(namespace: string, link: string, address: string): Promise<void> {
  await runIn(namespace)('busybox', ['arping', '-U', '-q', '-c', '1', '-w', '1', '-I', link, '-s', address, address], { accept: [1] })
}
