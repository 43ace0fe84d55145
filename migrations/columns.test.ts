import assert from 'node:assert/strict'
import { test } from 'node:test'
import { columns } from '../src/db/columns.generated.ts'
import { type Database, execute } from '../src/db/database.ts'
import { migrate } from '../src/db/migrate.ts'
import { type ColumnKind, parseColumn } from '../src/db/schema.ts'
import { withDatabase } from '../src/testing/with-database.ts'
import { migrations } from './index.ts'

/** What the databases call the kinds. */
const types: Record<Database['dialect'], Record<ColumnKind, string>> = {
  sqlite: {
    text: 'text',
    int: 'integer',
    real: 'real',
    bool: 'smallint',
    json: 'text',
    time: 'text',
    serial: 'integer',
    bytes: 'blob',
  },
  postgres: {
    text: 'text',
    int: 'bigint',
    real: 'double precision',
    bool: 'smallint',
    json: 'text',
    time: 'text',
    serial: 'bigint',
    bytes: 'bytea',
  },
}

interface Found {
  table: string
  name: string
  type: string
  nullable: number
  fallback: number
}

/** Every column that the database has, but for tables that no query of ours is made of. */
async function found({ dialect, read }: Database): Promise<string[]> {
  const text =
    dialect === 'sqlite'
      ? `select m.name as "table", c.name as name, lower(c.type) as type, c."notnull" = 0 and c.pk = 0 as nullable,
           c.dflt_value is not null as fallback
         from sqlite_master m join pragma_table_info(m.name) c where m.type = 'table' and m.name not like 'sqlite%'`
      : `select table_name as "table", column_name as name, data_type as type, (is_nullable = 'YES')::int as nullable,
           (column_default is not null)::int as fallback
         from information_schema.columns where table_schema = 'public'`
  const rows = (await execute(read, text)).rows as Found[]
  return rows
    .filter(({ table }) => table !== 'schema_migrations' && table !== 'object_store_listed')
    .map(({ table, name, type, nullable, fallback }) => line(table, name, type, nullable === 1, fallback === 1))
    .sort()
}

const line = (table: string, name: string, type: string, nullable: boolean, fallback: boolean) =>
  `${table}.${name} ${type}${nullable ? ', may be null' : ''}${fallback ? ', has a default' : ''}`

const generated = (dialect: Database['dialect']): string[] =>
  Object.entries<Record<string, string>>(columns)
    .flatMap(([table, texts]) =>
      Object.entries(texts).map(([name, text]) => {
        const { kind, nullable, fallback } = parseColumn(text)
        return line(table, name, types[dialect][kind], nullable, fallback !== null)
      }),
    )
    .sort()

test('the generated columns are those that the database has, also when the migrations run twice', () =>
  withDatabase(async (database) => {
    assert.equal((await migrate(database, migrations, Date.now)).length, migrations.length)
    assert.deepEqual(await found(database), generated(database.dialect))
    assert.deepEqual(await migrate(database, migrations, Date.now), [])
    assert.deepEqual(await found(database), generated(database.dialect))
  }))
