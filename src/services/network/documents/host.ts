// Where routers are put.
import type { Cloud } from '../../../cloud.ts'
import type { Db } from '../../../db/database.ts'

/** The first host that is enabled and up; failing that any host, which will do it when it is back. Null when none is known. */
export async function networkHost(cloud: Cloud, db: Db): Promise<string | null> {
  const hosts = await cloud.hosts.list(db)
  const best = hosts.find((host) => host.enabled && host.up) ?? hosts.find((host) => host.enabled) ?? hosts[0]
  return best?.name ?? null
}
