import SqliteDriver from 'better-sqlite3'
import { SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from 'kysely'
import { createSlice } from '../turns.ts'
import { tellingColumns } from './compile.ts'
import { type Database, kyselyOn, type RawConnection, runCommitted, type Tx } from './database.ts'
import { createReserve } from './reserve.ts'
import { readBack, type SpecialResult, specialResults } from './values.ts'

interface Prepared {
  statement: SqliteDriver.Statement
  /** What of its rows is turned back after reading. */
  specials: SpecialResult[]
}

const cacheSize = 1000
/** Characters of all statements that are kept: one of hundreds of filters takes as much memory as hundreds of others. */
const cacheText = 2 ** 19
/** Of each of the two connections. */
const cacheKiB = 4 * 1024
/** Most transactions that share one flush to the disk. */
const batchSize = 64

/** Rows whose values are turned back before the time is looked at again. */
const rowsAtOnce = 1000
/** Answers come at once here, so somebody who asks again and again would keep the process to himself. Queries wait for no other long work. */
const turn = createSlice()

interface Waiting {
  work(tx: Tx): Promise<unknown>
  resolve(result: unknown): void
  reject(error: unknown): void
}

/** SQLite tells of each column of a result which table it is of, through aliases, joins and queries inside. */
const specialsOf = (statement: SqliteDriver.Statement) =>
  specialResults(statement.columns().map(({ name, table, column }) => [name, table !== null && column !== null ? { table, column } : null]))

function rawConnection(file: SqliteDriver.Database): RawConnection {
  // Kysely makes the same text for the same query, so statements are prepared once (preparing anew leaks and is slow).
  const prepared = new Map<string, Prepared>()
  let text = 0
  const prepare = (sql: string): Prepared => {
    const known = prepared.get(sql)
    if (known) return known
    const statement = file.prepare(sql)
    const specials = statement.reader ? specialsOf(statement) : []
    text += sql.length
    for (const [oldest] of prepared) {
      if (prepared.size < cacheSize && text <= cacheText) break
      prepared.delete(oldest)
      text -= oldest.length
    }
    const entry = { statement, specials }
    prepared.set(sql, entry)
    return entry
  }
  return {
    async query(sql, parameters) {
      const wait = turn()
      if (wait) await wait
      const { statement, specials } = prepare(sql)
      if (!statement.reader) return { rows: [], changes: statement.run(...parameters).changes }
      const rows = statement.all(...parameters) as Record<string, unknown>[]
      for (let begin = 0; specials.length && begin < rows.length; begin += rowsAtOnce) {
        if (begin) await turn()
        readBack(rows.length > rowsAtOnce ? rows.slice(begin, begin + rowsAtOnce) : rows, specials)
      }
      return { rows, changes: rows.length }
    },
  }
}

/**
 * A bare `?` in a join or a range makes SQLite (built with STAT4, as here) plan the statement anew for each value, which takes ten times
 * as long as most of ours run; `+?` has the same value and keeps the plan.
 */
class SteadyPlans extends tellingColumns(SqliteQueryCompiler) {
  protected override getCurrentParameterPlaceholder(): string {
    return '+?'
  }
}

const isFull = (error: unknown) =>
  ['SQLITE_FULL', 'SQLITE_IOERR_SHMSIZE', 'SQLITE_IOERR_WRITE'].includes((error as { code?: string }).code ?? '')

/** Opens (and makes) the database file; `:memory:` is not supported because reads use a connection of their own. */
export function openSqlite(path: string, shortLived = false): Database {
  const dialect = {
    createAdapter: () => new SqliteAdapter(),
    createIntrospector: (db: ConstructorParameters<typeof SqliteIntrospector>[0]) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SteadyPlans(),
  }
  const writerFile = new SqliteDriver(path, { timeout: 10_000 })
  writerFile.pragma('journal_mode = WAL')
  // What was acknowledged survives power loss; 0.1 ms a commit where it was measured.
  writerFile.pragma(`synchronous = ${shortLived ? 'OFF' : 'FULL'}`)
  writerFile.pragma('foreign_keys = ON')
  const readerFile = new SqliteDriver(path, { timeout: 10_000 })
  readerFile.pragma('query_only = ON')
  // Pages that fall out are still in the kernel's cache.
  for (const file of [writerFile, readerFile]) file.pragma(`cache_size = -${cacheKiB}`)
  const writer = kyselyOn(rawConnection(writerFile), dialect)
  const begin = writerFile.prepare('begin immediate')
  const commit = writerFile.prepare('commit')
  const rollback = writerFile.prepare('rollback')
  const listeners = new Map<string, (() => void)[]>()
  const savepoint = writerFile.prepare('savepoint one')
  const release = writerFile.prepare('release one')
  const rollbackToSavepoint = writerFile.prepare('rollback to one')
  const reserve = shortLived ? null : createReserve(`${path}-reserve`)
  const queue: Waiting[] = []
  let busy: Promise<void> | null = null

  /** Runs what waits as one transaction, each in a savepoint of its own: one flush to the disk serves all of them. */
  async function runBatch(): Promise<void> {
    const done: (() => void)[] = []
    const failed: ((error: unknown) => void)[] = []
    try {
      begin.run()
      for (let count = 0; count < batchSize && queue.length; count++) {
        const { work, resolve, reject } = queue.shift()!
        const actions: (() => unknown)[] = []
        savepoint.run()
        try {
          const result = await work({ db: writer, afterCommit: (action) => actions.push(action) })
          release.run()
          failed.push(reject)
          done.push(() => {
            runCommitted(actions)
            resolve(result)
          })
        } catch (error) {
          reject(error)
          // Some errors (a full disk) end the whole transaction: then nothing of the batch is kept.
          if (!writerFile.inTransaction) throw error
          rollbackToSavepoint.run()
          release.run()
        }
      }
      commit.run()
    } catch (error) {
      if (writerFile.inTransaction) rollback.run()
      // When not even a transaction could begin, the next one learns why.
      for (const reject of failed.length ? failed : queue.splice(0, 1).map((waiting) => waiting.reject)) reject(error)
      return
    }
    for (const end of done) end()
    reserve?.restore()
  }

  async function runAll(): Promise<void> {
    while (queue.length) {
      await runBatch()
      // While the disk was waited for, more requests have come: they are read now and share the next batch.
      await new Promise((resolve) => setImmediate(resolve))
    }
    busy = null
  }

  return {
    dialect: 'sqlite',
    read: kyselyOn(rawConnection(readerFile), dialect),
    write(work, { frees = false } = {}) {
      const enqueue = () => {
        const result = new Promise<never>((resolve, reject) => queue.push({ work, resolve: resolve as Waiting['resolve'], reject }))
        // Begun a little later, so that what is asked for at the same time shares a batch.
        busy ??= Promise.resolve().then(runAll)
        return result
      }
      if (!frees || !reserve) return enqueue()
      return enqueue().catch((error) => {
        if (!isFull(error)) throw error
        reserve.release()
        // The log from its beginning again: then it needs no space for what comes. Not amid another batch, which comes to its end first.
        if (!writerFile.inTransaction) writerFile.pragma('wal_checkpoint(RESTART)')
        return enqueue()
      })
    },
    notify(channel) {
      for (const listener of listeners.get(channel) ?? []) listener()
    },
    onNotify(channel, listener) {
      listeners.set(channel, [...(listeners.get(channel) ?? []), listener])
    },
    async close() {
      await busy
      readerFile.close()
      writerFile.close()
    },
  }
}
