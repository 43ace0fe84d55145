// Limits and usage by project and resource. Usage changes in the transaction that makes or removes the row it counts,
// so it is exact and two requests cannot both take the last unit.
import type { Db, Tx } from '../db/database.ts'

export class QuotaExceeded extends Error {
  readonly resource: string
  readonly limit: number
  readonly inUse: number
  readonly requested: number
  constructor(resource: string, limit: number, inUse: number, requested: number) {
    super(`Quota exceeded for ${resource}: requested ${requested}, in use ${inUse}, limit ${limit}.`)
    this.resource = resource
    this.limit = limit
    this.inUse = inUse
    this.requested = requested
  }
}

/** Resource name (with its service before it: `compute.instances`) to default limit; -1 is unlimited. */
export type QuotaDefaults = Record<string, number>

export interface Quota {
  /** Limit of a project: its own, or the default. */
  limit(db: Db, projectId: string, resource: string): Promise<number>
  /** All limits and usage of a project for the resources that begin with `prefix`, names without it. */
  show(db: Db, projectId: string, prefix: string): Promise<Record<string, { limit: number; in_use: number }>>
  /**
   * Adds to the usage: whole numbers, none negative. Throws QuotaExceeded, and then changes nothing.
   * What users have and not projects is counted under the user's id, with `limitsOf` the project whose limits hold.
   */
  take(tx: Tx, projectId: string, deltas: Record<string, number>, limitsOf?: string): Promise<void>
  /** Adds to the usage whatever the limits are: for what the cloud makes by itself, and to give back. */
  count(tx: Tx, projectId: string, deltas: Record<string, number>): Promise<void>
  /** Ids of projects that have limits of their own for resources that begin with `prefix`. */
  projects(db: Db, prefix: string): Promise<string[]>
  setLimits(tx: Tx, projectId: string, limits: Record<string, number>): Promise<void>
  /** Back to the defaults. */
  clearLimits(tx: Tx, projectId: string, prefix: string): Promise<void>
  defaults: QuotaDefaults
}

export function createQuota(defaults: QuotaDefaults): Quota {
  const limit = async (db: Db, projectId: string, resource: string) => {
    const own = await db
      .selectFrom('quota_limits')
      .select('hard_limit')
      .where('project_id', '=', projectId)
      .where('resource', '=', resource)
      .executeTakeFirst()
    const value = own?.hard_limit ?? defaults[resource]
    if (value === undefined) throw new Error(`no quota is named ${resource}`)
    return value
  }
  return {
    defaults,
    limit,
    async show(db, projectId, prefix) {
      const own = await db.selectFrom('quota_limits').selectAll().where('project_id', '=', projectId).execute()
      const used = await db.selectFrom('quota_usages').selectAll().where('project_id', '=', projectId).execute()
      const result: Record<string, { limit: number; in_use: number }> = {}
      for (const [resource, fallback] of Object.entries(defaults)) {
        if (!resource.startsWith(prefix)) continue
        result[resource.slice(prefix.length)] = {
          limit: own.find((row) => row.resource === resource)?.hard_limit ?? fallback,
          in_use: used.find((row) => row.resource === resource)?.in_use ?? 0,
        }
      }
      return result
    },
    async take({ db }, projectId, deltas, limitsOf = projectId) {
      // Always in the same order, so that two transactions cannot wait for each other's rows.
      const wanted = Object.entries(deltas)
        .filter(([, delta]) => delta !== 0)
        .sort(([a], [b]) => (a < b ? -1 : 1))
      // A negative amount would pass every limit and lower what is in use: a mistake in whoever asks, never a client's to make.
      for (const [name, delta] of wanted)
        if (!Number.isSafeInteger(delta) || delta < 0) throw new Error(`${delta} of ${name} cannot be taken from a quota`)
      if (!wanted.length) return
      const names = wanted.map(([resource]) => resource)
      for (const name of names) if (defaults[name] === undefined) throw new Error(`no quota is named ${name}`)
      const own = await db
        .selectFrom('quota_limits')
        .select(['resource', 'hard_limit'])
        .where('project_id', '=', limitsOf)
        .where('resource', 'in', names)
        .execute()
      for (const [resource, delta] of wanted) {
        const max = own.find((row) => row.resource === resource)?.hard_limit ?? defaults[resource]!
        const add = async () => {
          let update = db
            .updateTable('quota_usages')
            .set(({ eb }) => ({ in_use: eb('in_use', '+', delta) }))
            .where('project_id', '=', projectId)
            .where('resource', '=', resource)
          if (max >= 0) update = update.where('in_use', '<=', max - delta)
          return (await update.executeTakeFirst()).numUpdatedRows === 1n
        }
        if (await add()) continue
        await db
          .insertInto('quota_usages')
          .values({ project_id: projectId, resource, in_use: 0 })
          .onConflict((c) => c.columns(['project_id', 'resource']).doNothing())
          .execute()
        // Also when another transaction has made the row meanwhile.
        if (await add()) continue
        const now = await db
          .selectFrom('quota_usages')
          .select('in_use')
          .where('project_id', '=', projectId)
          .where('resource', '=', resource)
          .executeTakeFirst()
        throw new QuotaExceeded(resource.slice(resource.indexOf('.') + 1), max, now?.in_use ?? 0, delta)
      }
    },
    async count({ db }, projectId, deltas) {
      for (const [resource, delta] of Object.entries(deltas).sort(([a], [b]) => (a < b ? -1 : 1))) {
        await db
          .insertInto('quota_usages')
          .values({ project_id: projectId, resource, in_use: delta })
          .onConflict((c) => c.columns(['project_id', 'resource']).doUpdateSet({ in_use: (eb) => eb('quota_usages.in_use', '+', delta) }))
          .execute()
      }
    },
    async projects(db, prefix) {
      const rows = await db
        .selectFrom('quota_limits')
        .select('project_id')
        .distinct()
        .where('resource', 'like', `${prefix}%`)
        .orderBy('project_id')
        .execute()
      return rows.map((row) => row.project_id)
    },
    async setLimits({ db }, projectId, limits) {
      for (const [resource, hard_limit] of Object.entries(limits)) {
        await db
          .insertInto('quota_limits')
          .values({ project_id: projectId, resource, hard_limit })
          .onConflict((c) => c.columns(['project_id', 'resource']).doUpdateSet({ hard_limit }))
          .execute()
      }
    },
    async clearLimits({ db }, projectId, prefix) {
      await db.deleteFrom('quota_limits').where('project_id', '=', projectId).where('resource', 'like', `${prefix}%`).execute()
    },
  }
}
