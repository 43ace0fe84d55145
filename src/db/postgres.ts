import { createHash } from 'node:crypto'
import { PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler } from 'kysely'
import pg from 'pg'
import { tellingColumns } from './compile.ts'
import { type Database, kyselyOn, type RawConnection, runCommitted, type Tx } from './database.ts'
import { createOrigins, type Origins } from './postgres-origins.ts'
import { readBack } from './values.ts'

pg.types.setTypeParser(20, Number) // bigint: our numbers stay far below 2^53

/**
 * Statements that the server keeps for one connection, until that ends: clients make as many as there are ways to order and to narrow
 * lists, so one that has more is replaced by another.
 */
const mostPrepared = 500
/** Characters of a statement; longer ones, of hundreds of filters, take much memory and hardly come again. */
const longestPrepared = 8000

const names = new Map<string, string>()
const prepared = new WeakMap<pg.PoolClient, Set<string>>()

/** A named statement is prepared once in a connection. */
function statementName(client: pg.PoolClient, sql: string): string | undefined {
  if (sql.length > longestPrepared) return undefined
  let name = names.get(sql)
  if (!name) {
    name = createHash('sha1').update(sql).digest('base64url')
    if (names.size < 5000) names.set(sql, name)
  }
  const mine = prepared.get(client) ?? new Set()
  prepared.set(client, mine.add(name))
  return name
}

/** Gives the connection back to the pool, or closes it. */
const giveBack = (client: pg.PoolClient, broken: boolean) => client.release(broken || (prepared.get(client)?.size ?? 0) > mostPrepared)

function rawConnection(client: pg.PoolClient, origins: Origins): RawConnection {
  return {
    async query(sql, parameters) {
      const result = await client.query({ name: statementName(client, sql), text: sql, values: [...parameters] })
      const rows = result.rows as Record<string, unknown>[]
      if (rows.length) readBack(rows, await origins.specials(client, result.fields))
      return { rows, changes: result.rowCount ?? 0 }
    },
  }
}

function openPool(url: string, max: number): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, max })
  pool.on('error', () => {}) // an idle connection that breaks is replaced at the next use
  // One that breaks between two queries of a transaction fails at the next of them.
  pool.on('connect', (client) => void client.on('error', () => {}))
  return pool
}

const retried = new Set(['40001', '40P01'])

const Compiler = tellingColumns(PostgresQueryCompiler)

/** Connects to a PostgreSQL 15 or later database named by a `postgres://` address. */
export async function openPostgres(url: string): Promise<Database> {
  const dialect = {
    createAdapter: () => new PostgresAdapter(),
    createIntrospector: (db: ConstructorParameters<typeof PostgresIntrospector>[0]) => new PostgresIntrospector(db),
    createQueryCompiler: () => new Compiler(),
  }
  // Of their own for both: who reads in the midst of a transaction must not wait for one that waits for him.
  const [readers, writers] = [openPool(url, 10), openPool(url, 10)]
  const origins = createOrigins()
  const listeners = new Map<string, (() => void)[]>()
  let closed = false
  let listening: pg.Client | null = null
  const listen = async (): Promise<void> => {
    const client = new pg.Client({ connectionString: url })
    client.on('error', () => {})
    client.on('end', () => {
      // A restart of the server must not leave us deaf; what was missed in between is found by polling.
      if (!closed) setTimeout(() => void listen().catch(() => client.emit('end')), 1000).unref()
    })
    client.on('notification', (message) => {
      for (const listener of listeners.get(message.channel) ?? []) listener()
    })
    await client.connect()
    listening = client
    for (const channel of listeners.keys()) await client.query(`listen ${channel}`)
  }
  await listen()

  async function once<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    const client = await writers.connect()
    const actions: (() => unknown)[] = []
    let broken = false
    try {
      await client.query('begin')
      const result = await work({ db: kyselyOn(rawConnection(client, origins), dialect), afterCommit: (action) => actions.push(action) })
      await client.query('commit')
      runCommitted(actions)
      return result
    } catch (error) {
      await client.query('rollback').catch(() => {
        broken = true
      })
      throw error
    } finally {
      giveBack(client, broken)
    }
  }

  const reads: RawConnection = {
    async query(sql, parameters) {
      const client = await readers.connect()
      let failed = true
      try {
        const result = await rawConnection(client, origins).query(sql, parameters)
        failed = false
        return result
      } finally {
        giveBack(client, failed)
      }
    },
  }

  return {
    dialect: 'postgres',
    read: kyselyOn(reads, dialect),
    async write(work) {
      for (let attempt = 1; ; attempt++) {
        try {
          return await once(work)
        } catch (error) {
          if (attempt >= 5 || !retried.has((error as { code?: string }).code ?? '')) throw error
        }
      }
    },
    notify(channel) {
      void readers.query(`notify ${channel}`).catch(() => {})
    },
    onNotify(channel, listener) {
      if (!/^[a-z_]+$/.test(channel)) throw new Error(`channel ${channel}`)
      const known = listeners.get(channel)
      listeners.set(channel, [...(known ?? []), listener])
      if (!known) void listening?.query(`listen ${channel}`).catch(() => {})
    },
    async close() {
      closed = true
      await listening?.end()
      await Promise.all([readers.end(), writers.end()])
    },
  }
}
