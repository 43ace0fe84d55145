// One interface over SQLite and PostgreSQL. Reads go through `read`; every change goes through `write`, which is one
// transaction. On SQLite all writes of the process use one connection in turn; on PostgreSQL they run side by side.
import { CompiledQuery, type DatabaseConnection, type Driver, Kysely, type Dialect as KyselyDialect, type QueryResult } from 'kysely'
import { Written } from './compile.ts'
import type { Dialect } from './schema.ts'
import type { Tables } from './tables.ts'
import { toSql } from './values.ts'

/** What queries are written with, inside a transaction or outside. */
export type Db = Kysely<Tables>

/** Whose doing a transaction is, for what is told of it. */
export interface Cause {
  request_id: string
  /** Null where no user asked: a task goes on by itself. */
  user_id: string | null
}

export interface Tx {
  db: Db
  /** Of a request or a task. */
  cause?: Cause
  /** Resources of quotas that may be taken in it; any unless given. */
  quota?: ReadonlySet<string>
  /** Runs when the transaction has been committed; never when it was rolled back. What it fails with is nobody's answer: it must not fail. */
  afterCommit(action: () => unknown): void
}

/** Runs what waited for a commit. A failure of one is left to the process's last resort: the others, and what was committed, stand. */
export function runCommitted(actions: readonly (() => unknown)[]): void {
  for (const action of actions) {
    try {
      action()
    } catch (error) {
      queueMicrotask(() => {
        throw error
      })
    }
  }
}

export interface Database {
  dialect: Dialect
  read: Db
  /**
   * Runs `work` in one transaction and commits it durably, or rolls all of it back when it throws.
   * On PostgreSQL it is run again after a serialization failure or a deadlock, so it must have no other effects. `frees`: it removes
   * things, and is run again with space that is kept for that when the disk is full.
   */
  write<T>(work: (tx: Tx) => Promise<T>, more?: { frees?: boolean }): Promise<T>
  /** Tells other processes on the same database; a no-op where there can be none. */
  notify(channel: string): void
  onNotify(channel: string, listener: () => void): void
  close(): Promise<void>
}

/** A connection as both drivers have it underneath. */
export interface RawConnection {
  /** Parameters are as the database takes them; rows come with booleans and JSON turned back. */
  query(sql: string, parameters: readonly unknown[]): Promise<{ rows: unknown[]; changes: number }>
}

const parameterToSql = (parameter: unknown) => (parameter instanceof Written ? toSql(parameter.value, parameter.column) : toSql(parameter))

class Connection implements DatabaseConnection {
  readonly #raw: RawConnection
  constructor(raw: RawConnection) {
    this.#raw = raw
  }
  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const { rows, changes } = await this.#raw.query(query.sql, query.parameters.map(parameterToSql))
    return { rows: rows as R[], numAffectedRows: BigInt(changes) }
  }
  // biome-ignore lint/correctness/useYield: Kysely's interface asks for it; large results are read in pages here
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error('rows are read in pages, not streamed')
  }
}

const raws = new WeakMap<Db, RawConnection>()

/**
 * Runs a statement whose text is known, past Kysely's own machinery, which costs more than a small query.
 * Values may be null, numbers, texts, booleans, Buffers, and objects for JSON; one that is written to a column may be `Written`. Gives the rows.
 */
export async function ask<Row>(db: Db, sql: string, values: readonly unknown[]): Promise<Row[]> {
  return (await raws.get(db)!.query(sql, values.map(parameterToSql))).rows as Row[]
}

/** A Kysely that runs on one raw connection; transactions are begun and ended outside of it. */
export function kyselyOn(
  raw: RawConnection,
  parts: Pick<KyselyDialect, 'createAdapter' | 'createIntrospector' | 'createQueryCompiler'>,
): Db {
  const connection = new Connection(raw)
  const driver: Driver = {
    init: async () => {},
    acquireConnection: async () => connection,
    beginTransaction: async () => {
      throw new Error('use database.write')
    },
    commitTransaction: async () => {},
    rollbackTransaction: async () => {},
    releaseConnection: async () => {},
    destroy: async () => {},
  }
  const db = new Kysely<Tables>({ dialect: { ...parts, createDriver: () => driver } })
  raws.set(db, raw)
  return db
}

/** True for the error of a duplicate in a unique column set, on both databases. */
export function isUniqueViolation(error: unknown): boolean {
  const code = (error as { code?: string })?.code
  return code === '23505' || code === 'SQLITE_CONSTRAINT_UNIQUE' || code === 'SQLITE_CONSTRAINT_PRIMARYKEY'
}

/**
 * True where something that a row refers to was removed by another transaction at the same time, or the other way round. Only PostgreSQL
 * has such: on SQLite it is a mistake in the program.
 */
export const isBrokenReference = (error: unknown): boolean => (error as { code?: string })?.code === '23503'

/** True for what a database says of a statement with more conditions, terms or values than it takes: a request repeated its filters. */
export function isTooComplex(error: unknown): boolean {
  const { code, message } = (error ?? {}) as { code?: string; message?: string }
  if (code === 'SQLITE_ERROR') return /^(Expression tree is too large|too many (terms in|SQL variables))/.test(message ?? '')
  // Statements that are too complex, and too many columns or values.
  return code === '54001' || code === '54011' || code === '54023'
}

/** Runs one statement that Kysely's builder does not cover. */
export const execute = (db: Db, sql: string, parameters: unknown[] = []) => db.executeQuery(CompiledQuery.raw(sql, parameters))
