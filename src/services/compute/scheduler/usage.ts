// What servers have claimed of each host. Kept as sums, so that a claim is one update however many servers there are.
import type { Db } from '../../../db/database.ts'

declare module '../../../db/tables.ts' {
  interface Narrow {
    compute_host_usage: {
      /** Number by which the 2.1 API names hypervisors and services. */
      seq: number
    }
  }
}

export interface Claim {
  vcpus: number
  ramMiB: number
  diskGiB: number
}

export const claimOf = (flavor: { vcpus: number; ram: number; disk: number; ephemeral: number; swap: number }): Claim => ({
  vcpus: flavor.vcpus,
  ramMiB: flavor.ram,
  diskGiB: flavor.disk + flavor.ephemeral + Math.ceil(flavor.swap / 1024),
})

export const listUsage = (db: Db) => db.selectFrom('compute_host_usage').selectAll().execute()

export const addHost = (db: Db, host: string) =>
  db
    .insertInto('compute_host_usage')
    .values({ host })
    .onConflict((c) => c.column('host').doNothing())
    .execute()

/** Takes from a host if that fits into `limits`; false when another claim was faster. */
export async function claimHost(db: Db, host: string, claim: Claim, limits: Claim): Promise<boolean> {
  const result = await db
    .updateTable('compute_host_usage')
    .set(({ eb }) => ({
      vcpus: eb('vcpus', '+', claim.vcpus),
      ram_mib: eb('ram_mib', '+', claim.ramMiB),
      disk_gib: eb('disk_gib', '+', claim.diskGiB),
      servers: eb('servers', '+', 1),
    }))
    .where('host', '=', host)
    .where('vcpus', '<=', limits.vcpus - claim.vcpus)
    .where('ram_mib', '<=', limits.ramMiB - claim.ramMiB)
    .where('disk_gib', '<=', limits.diskGiB - claim.diskGiB)
    .executeTakeFirst()
  return result.numUpdatedRows === 1n
}

export const releaseHost = (db: Db, host: string, claim: Claim) =>
  db
    .updateTable('compute_host_usage')
    .set(({ eb }) => ({
      vcpus: eb('vcpus', '-', claim.vcpus),
      ram_mib: eb('ram_mib', '-', claim.ramMiB),
      disk_gib: eb('disk_gib', '-', claim.diskGiB),
      servers: eb('servers', '-', 1),
    }))
    .where('host', '=', host)
    .execute()

/** Hosts of servers, for hints: undefined ones are left out. */
export async function hostsOf(db: Db, ids: string[], projectId: string): Promise<string[]> {
  if (!ids.length) return []
  const rows = await db
    .selectFrom('compute_servers')
    .select('host')
    .where('id', 'in', ids)
    .where('project_id', '=', projectId)
    .where('deleted_at', 'is', null)
    .execute()
  return rows.flatMap(({ host }) => host ?? [])
}
