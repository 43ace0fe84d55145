// Where a container is copied to: another container of this cloud, or one of a cloud that the operator knows.
import type { Cloud } from '../../../cloud.ts'
import { plain } from '../limits.ts'
import { unquote, withoutSlashes } from '../quoting.ts'
import { objectStoreSettings } from '../settings.ts'

export interface Target {
  /** Address of the container, without a slash at its end. */
  url: string
  /** What signs requests between two clouds; null where the container's key alone is shown. */
  realm: { name: string; key: string } | null
}

const realmsOf = (cloud: Cloud) => objectStoreSettings(cloud.config).sync?.realms ?? {}

/**
 * The target that X-Container-Sync-To names: `//realm/cluster/account/container`, or an address.
 * Throws 400 for what is neither, and for hosts that the operator did not name: a user must not make this machine send to others.
 */
export function syncTarget(cloud: Cloud, text: string): Target {
  if (text.startsWith('//')) {
    const [, , realmName = '', clusterName = '', account, container, ...rest] = text.split('/')
    const realms = realmsOf(cloud)
    // Names of realms and clusters count in any case, as others have them.
    const [, realm] = Object.entries(realms).find(([name]) => name.toLowerCase() === realmName.toLowerCase()) ?? []
    if (!realm) throw plain(400, `No realm entry found for X-Container-Sync-To ${JSON.stringify(text.slice(0, 200))}`)
    const [, address] = Object.entries(realm.clusters).find(([name]) => name.toLowerCase() === clusterName.toLowerCase()) ?? []
    if (!address) throw plain(400, `No cluster endpoint found for X-Container-Sync-To ${JSON.stringify(text.slice(0, 200))}`)
    if (!account || !container || rest.length) throw plain(400, 'Path required in X-Container-Sync-To')
    // The operator named an address, and what stands below it: no step up from there, and no other end of the path.
    if ([account, container].some((name) => /[?#\\\s]/.test(name) || /^\.\.?$/.test(unquote(name) ?? '..')))
      throw plain(400, 'Invalid path in X-Container-Sync-To')
    return {
      url: `${withoutSlashes(address)}/${account}/${container}`,
      realm: { name: realmName.toUpperCase(), key: realm.key },
    }
  }
  let url: URL
  try {
    url = new URL(text)
  } catch {
    throw plain(400, 'X-Container-Sync-To is neither an address nor //realm/cluster/account/container')
  }
  if (!/^https?:$/.test(url.protocol)) throw plain(400, 'Invalid scheme in X-Container-Sync-To, must be "//", "http", or "https".')
  if (url.search || url.hash || url.username || url.password)
    throw plain(400, 'Params, queries, and fragments not allowed in X-Container-Sync-To')
  const own = new URL(cloud.endpoints.root('object-store'))
  const hosts = objectStoreSettings(cloud.config).sync?.hosts ?? []
  const ours = url.host === own.host && url.pathname.startsWith(own.pathname)
  if (!ours && !hosts.includes(url.host)) throw plain(400, `Invalid host ${JSON.stringify(url.host)} in X-Container-Sync-To`)
  if (!/\/[^/]+\/[^/]+\/[^/]+\/?$/.test(url.pathname)) throw plain(400, 'Path required in X-Container-Sync-To')
  return { url: withoutSlashes(url.href), realm: null }
}

/** Keys that sign for a realm, the present one first. */
export function realmKeys(cloud: Cloud, name: string): string[] {
  const [, realm] = Object.entries(realmsOf(cloud)).find(([known]) => known.toLowerCase() === name.toLowerCase()) ?? []
  return realm ? [realm.key, ...(realm['old-key'] ? [realm['old-key']] : [])] : []
}

/** As /info shows them. */
export const realmInfo = (cloud: Cloud) => {
  const own = cloud.endpoints.root('object-store')
  return Object.fromEntries(
    Object.entries(realmsOf(cloud)).map(([name, { clusters }]) => [
      name.toUpperCase(),
      {
        clusters: Object.fromEntries(
          Object.entries(clusters).map(([cluster, address]) => [cluster.toUpperCase(), address.startsWith(own) ? { current: true } : {}]),
        ),
      },
    ]),
  )
}
