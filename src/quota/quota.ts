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

/**
 * Resource name (with its service before it: `compute.instances`) to default limit; -1 is unlimited. A name that ends in `*` stands for all
 * that begin so, of which the parts are made at run time: `block-storage.gigabytes_*` for those of each volume type.
 */
export type QuotaDefaults = Record<string, number>

/** Whose usage and limits: a project's, or what one of its users has of it. */
export type Holder = string | { project: string; user: string }

export interface Quota {
  /** Limit of a project: its own, or the default. Of a user in it: the own one, or the project's. */
  limit(db: Db, holder: Holder, resource: string): Promise<number>
  /**
   * All limits and usage for the resources that begin with `prefix`, names without it; of names made at run time those that have a limit or
   * usage.
   */
  show(db: Db, holder: Holder, prefix: string): Promise<Record<string, { limit: number; in_use: number }>>
  /**
   * Adds to the usage: whole numbers, none negative. Throws QuotaExceeded, and then changes nothing. Of a user: to that of the project as
   * well, and both limits hold.
   * What users have and not projects is counted under the user's id, with `limitsOf` the project whose limits hold.
   */
  take(tx: Pick<Tx, 'db' | 'quota'>, holder: Holder, deltas: Record<string, number>, limitsOf?: string): Promise<void>
  /** Adds to the usage whatever the limits are: for what the cloud makes by itself, and to give back. Of a user: to the project's as well. */
  count(tx: Pick<Tx, 'db'>, holder: Holder, deltas: Record<string, number>): Promise<void>
  /** Ids of projects that have limits of their own for resources that begin with `prefix`. */
  projects(db: Db, prefix: string): Promise<string[]>
  setLimits(tx: Pick<Tx, 'db'>, holder: Holder, limits: Record<string, number>): Promise<void>
  /** Back to the defaults. */
  clearLimits(tx: Pick<Tx, 'db'>, holder: Holder, prefix: string): Promise<void>
  defaults: QuotaDefaults
}

/** Whether the name is one of those declared; of names that are made at run time their beginning is, with a `*`. */
export const isAmong = (declared: ReadonlySet<string>, name: string): boolean =>
  declared.has(name) || [...declared].some((known) => known.endsWith('*') && name.startsWith(known.slice(0, -1)))

/** As the tables have it: no id of a project holds a slash. */
const key = (holder: Holder) => (typeof holder === 'string' ? holder : `${holder.project}/${holder.user}`)

export function createQuota(defaults: QuotaDefaults): Quota {
  const families = Object.keys(defaults).flatMap((name) => (name.endsWith('*') ? [name.slice(0, -1)] : []))
  // The longest beginning is the nearest.
  families.sort((a, b) => b.length - a.length)
  /** Throws for a name that no service has declared. */
  function defaultOf(resource: string): number {
    const family = families.find((beginning) => resource.startsWith(beginning) && resource.length > beginning.length)
    const value = defaults[resource] ?? (family === undefined ? undefined : defaults[`${family}*`])
    if (value === undefined) throw new Error(`no quota is named ${resource}`)
    return value
  }

  const ownLimits = (db: Db, holder: Holder, resources: readonly string[]) =>
    db
      .selectFrom('quota_limits')
      .select(['resource', 'hard_limit'])
      .where('project_id', '=', key(holder))
      .where('resource', 'in', resources)

  /** Adds to the usage under one key, in the order of the names. `limitOf` gives -1 for none. */
  async function add(db: Db, holder: string, wanted: readonly [string, number][], limitOf: (resource: string) => number): Promise<void> {
    for (const [resource, delta] of wanted) {
      const max = limitOf(resource)
      const attempt = async () => {
        let update = db
          .updateTable('quota_usages')
          .set(({ eb }) => ({ in_use: eb('in_use', '+', delta) }))
          .where('project_id', '=', holder)
          .where('resource', '=', resource)
        if (max >= 0) update = update.where('in_use', '<=', max - delta)
        return (await update.executeTakeFirst()).numUpdatedRows === 1n
      }
      if (await attempt()) continue
      await db
        .insertInto('quota_usages')
        .values({ project_id: holder, resource, in_use: 0 })
        .onConflict((c) => c.columns(['project_id', 'resource']).doNothing())
        .execute()
      // Also when another transaction has made the row meanwhile.
      if (await attempt()) continue
      const now = await db
        .selectFrom('quota_usages')
        .select('in_use')
        .where('project_id', '=', holder)
        .where('resource', '=', resource)
        .executeTakeFirst()
      throw new QuotaExceeded(resource.slice(resource.indexOf('.') + 1), max, now?.in_use ?? 0, delta)
    }
  }

  return {
    defaults,
    async limit(db, holder, resource) {
      const fallback = defaultOf(resource)
      const own = await ownLimits(db, holder, [resource]).executeTakeFirst()
      if (own) return own.hard_limit
      return typeof holder === 'string' ? fallback : this.limit(db, holder.project, resource)
    },
    async show(db, holder, prefix) {
      const rows = (table: 'quota_limits' | 'quota_usages') =>
        db.selectFrom(table).selectAll().where('project_id', '=', key(holder)).execute() as Promise<
          { resource: string; hard_limit?: number; in_use?: number }[]
        >
      const [own, used] = [await rows('quota_limits'), await rows('quota_usages')]
      const whole = typeof holder === 'string' ? null : await this.show(db, holder.project, prefix)
      const declared = Object.keys(defaults).filter((name) => !name.endsWith('*'))
      const made = [...own, ...used].flatMap(({ resource }) => (resource in defaults ? [] : [resource]))
      const names = [...new Set([...declared, ...made])].filter((name) => name.startsWith(prefix))
      return Object.fromEntries(
        names.map((resource) => {
          const name = resource.slice(prefix.length)
          const limit = own.find((row) => row.resource === resource)?.hard_limit ?? whole?.[name]?.limit ?? defaultOf(resource)
          return [name, { limit, in_use: used.find((row) => row.resource === resource)?.in_use ?? 0 }]
        }),
      )
    },
    async take({ db, quota }, holder, deltas, limitsOf) {
      // Always in the same order, so that two transactions cannot wait for each other's rows.
      const wanted = Object.entries(deltas)
        .filter(([, delta]) => delta !== 0)
        .sort(([a], [b]) => (a < b ? -1 : 1))
      // A negative amount would pass every limit and lower what is in use: a mistake in whoever asks, never a client's to make.
      for (const [name, delta] of wanted)
        if (!Number.isSafeInteger(delta) || delta < 0) throw new Error(`${delta} of ${name} cannot be taken from a quota`)
      if (!wanted.length) return
      const names = wanted.map(([resource]) => resource)
      for (const name of names) {
        defaultOf(name)
        if (quota && !isAmong(quota, name)) throw new Error(`the operation takes ${name} of a quota and does not declare it`)
      }
      const project = typeof holder === 'string' ? holder : holder.project
      const own = await ownLimits(db, limitsOf ?? project, names).execute()
      await add(db, project, wanted, (resource) => own.find((row) => row.resource === resource)?.hard_limit ?? defaultOf(resource))
      if (typeof holder === 'string') return
      const ofUser = await ownLimits(db, holder, names).execute()
      await add(db, key(holder), wanted, (resource) => ofUser.find((row) => row.resource === resource)?.hard_limit ?? -1)
    },
    async count({ db }, holder, deltas) {
      const holders = typeof holder === 'string' ? [holder] : [holder.project, key(holder)]
      for (const project_id of holders) {
        for (const [resource, delta] of Object.entries(deltas).sort(([a], [b]) => (a < b ? -1 : 1))) {
          defaultOf(resource)
          await db
            .insertInto('quota_usages')
            .values({ project_id, resource, in_use: delta })
            .onConflict((c) => c.columns(['project_id', 'resource']).doUpdateSet({ in_use: (eb) => eb('quota_usages.in_use', '+', delta) }))
            .execute()
        }
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
      return rows.flatMap(({ project_id }) => (project_id.includes('/') ? [] : [project_id]))
    },
    async setLimits({ db }, holder, limits) {
      for (const [resource, hard_limit] of Object.entries(limits)) {
        defaultOf(resource)
        await db
          .insertInto('quota_limits')
          .values({ project_id: key(holder), resource, hard_limit })
          .onConflict((c) => c.columns(['project_id', 'resource']).doUpdateSet({ hard_limit }))
          .execute()
      }
    },
    async clearLimits({ db }, holder, prefix) {
      await db.deleteFrom('quota_limits').where('project_id', '=', key(holder)).where('resource', 'like', `${prefix}%`).execute()
    },
  }
}
