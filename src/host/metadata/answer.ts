// What a guest reads at 169.254.169.254. Who asks is known by network and source address, which its port's filter guarantees.
import type { HostDocument } from '../documents.ts'
import type { GuestSpec } from '../guests/document.ts'
import type { PortSpec } from '../ports/document.ts'

/** The content at `path` of the guest behind that address; folders list what is in them; null when nobody is known there. */
export function metadataAnswer(
  documents: ReadonlyMap<string, HostDocument>,
  networkId: string,
  address: string,
  path: string,
): { status: number; body: string } | null {
  const guest = guestAt(documents, networkId, address)
  return guest ? contentOf(guest.spec.metadata, path) : null
}

/** The guest behind an address of a network. */
export function guestAt(
  documents: ReadonlyMap<string, HostDocument>,
  networkId: string,
  address: string,
): { id: string; spec: GuestSpec } | null {
  const source = address.replace(/^::ffff:/, '')
  for (const document of documents.values()) {
    if (document.kind !== 'port' || !document.spec) continue
    const port = document.spec as PortSpec
    if (port.networkId !== networkId || !port.guestId || !port.fixedIps.some(({ ip }) => ip === source)) continue
    const guest = documents.get(`guest/${port.guestId}`) as HostDocument<'guest'> | undefined
    // A port's word for whose it is does not do: the guest has to have it among its own.
    return guest?.spec?.nics.some(({ portId }) => portId === document.id) ? { id: guest.id, spec: guest.spec } : null
  }
  return null
}

function contentOf(tree: Record<string, string>, asked: string): { status: number; body: string } {
  let path: string
  try {
    path = decodeURIComponent(asked.split('?')[0]!)
      .replace(/\/+/g, '/')
      .replace(/^\/|\/$/g, '')
  } catch {
    return { status: 400, body: 'bad path\n' }
  }
  const content = Object.hasOwn(tree, path) ? tree[path] : undefined
  if (content !== undefined) return { status: 200, body: content }
  const folder = path === '' ? '' : `${path}/`
  const names = new Set<string>()
  for (const name of Object.keys(tree)) {
    if (!name.startsWith(folder)) continue
    const [first = '', ...rest] = name.slice(folder.length).split('/')
    names.add(rest.length && path.startsWith('latest') ? `${first}/` : first)
  }
  if (!names.size) return { status: 404, body: 'not found\n' }
  // The root lists the versions of EC2's tree, as clients of that tree expect, and `openstack` beside them.
  return { status: 200, body: [...names].sort().join('\n') }
}
