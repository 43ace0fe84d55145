// What each column holds, as the migrations leave the tables.
import { AliasNode, IdentifierNode, type OperationNode, SelectQueryNode, TableNode } from 'kysely'
import { columns } from './columns.generated.ts'
import { type ColumnKind, type ColumnType, parseColumn } from './schema.ts'

/** Kinds whose values are stored as something else than what they are. */
export const isSpecial = (kind: ColumnKind): kind is 'bool' | 'json' => kind === 'bool' || kind === 'json'

export interface Column extends ColumnType {
  table: string
  name: string
}

const tables = new Map(
  Object.entries<Record<string, string>>(columns).map(([table, texts]) => [
    table,
    new Map(Object.entries(texts).map(([name, text]): [string, Column] => [name, { table, name, ...parseColumn(text) }])),
  ]),
)

/** The column; undefined in a table that only the database knows. Throws for one that a table of ours does not have. */
export function columnOf(table: string, name: string): Column | undefined {
  const known = tables.get(table)
  if (!known) return undefined
  const column = known.get(name)
  if (!column) throw new Error(`${table}.${name} is not in columns.generated.ts: npm run generate`)
  return column
}

const byName = Map.groupBy(
  [...tables.values()].flatMap((known) => [...known.values()]),
  ({ name }) => name,
)

/**
 * A column like all columns of that name. It says how an expression is read, of which no database tells a table; throws when the tables
 * mean several things by the name.
 */
export function columnNamed(name: string, alike: readonly Column[] = byName.get(name) ?? []): Column | undefined {
  const [first, ...others] = alike
  const other = others.find(({ kind }) => kind !== first!.kind && (isSpecial(kind) || isSpecial(first!.kind)))
  if (other)
    throw new Error(`'${name}' is ${first!.kind} in ${first!.table} and ${other.kind} in ${other.table}: an expression needs another name`)
  return first
}

const nameOf = (node: OperationNode): string | undefined => {
  if (IdentifierNode.is(node)) return node.name
  return TableNode.is(node) ? node.table.identifier.name : undefined
}

/** Columns of that name in what a query reads: its tables, also of joins and of queries inside. */
function candidates(query: SelectQueryNode, name: string, from?: string): Column[] {
  const sources = [...(query.from?.froms ?? []), ...(query.joins ?? []).map((join) => join.table)]
  return sources.flatMap((source) => {
    const node = AliasNode.is(source) ? source.node : source
    if (from !== undefined && nameOf(AliasNode.is(source) ? source.alias : source) !== from) return []
    if (SelectQueryNode.is(node)) return candidates(node, name)
    return tables.get(nameOf(node) ?? '')?.get(name) ?? []
  })
}

/** What a column that a query reads holds, `name` as in the query: `id`, `users.id`. Undefined when it is of no table of ours. */
export function columnKind(query: { toOperationNode(): OperationNode }, name: string): ColumnKind | undefined {
  const node = query.toOperationNode()
  if (!SelectQueryNode.is(node)) throw new Error('only what is selected has columns')
  const [column, table] = name.split('.').reverse() as [string, string | undefined]
  const [first, ...others] = candidates(node, column, table)
  const other = others.find(({ kind }) => kind !== first!.kind)
  if (other) throw new Error(`'${name}' is ${first!.kind} in ${first!.table} and ${other.kind} in ${other.table}: say which`)
  return first?.kind
}
