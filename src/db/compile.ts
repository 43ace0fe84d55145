// Query compilers whose parameters tell the columns that they are written to, since no database does.
import {
  AliasNode,
  ColumnNode,
  type ColumnUpdateNode,
  type DefaultQueryCompiler,
  InsertQueryNode,
  type OperationNode,
  PrimitiveValueListNode,
  ReferenceNode,
  TableNode,
  UpdateQueryNode,
  ValueNode,
  type ValuesNode,
} from 'kysely'
import { type Column, columnOf } from './columns.ts'

/** A parameter of a query that is stored in a column, as against one that is compared. */
export class Written {
  readonly value: unknown
  readonly column: Column
  constructor(value: unknown, column: Column) {
    this.value = value
    this.column = column
  }
}

/** Other values for a query's parameters, for the same columns. */
export const inPlaceOf = (parameters: readonly unknown[], values: readonly unknown[]): unknown[] =>
  values.map((value, index) => {
    const parameter = parameters[index]
    return parameter instanceof Written ? new Written(value, parameter.column) : value
  })

const tableName = (node: OperationNode | undefined): string | undefined => {
  if (node && AliasNode.is(node)) return tableName(node.node)
  return node && TableNode.is(node) ? node.table.identifier.name : undefined
}

/** The table that a statement changes; of an insert also where its conflicts become updates. */
const targetOf = (node: OperationNode): OperationNode | undefined => {
  if (UpdateQueryNode.is(node)) return node.table
  return InsertQueryNode.is(node) ? node.into : undefined
}

const columnIn = (table: string | undefined, name: string) => (table === undefined ? undefined : columnOf(table, name))

/** The compiler of a database whose parameters tell the columns that they are written to. */
// biome-ignore lint/suspicious/noExplicitAny: TypeScript asks for it of every class that is given its base
export function tellingColumns<Base extends new (...args: any[]) => DefaultQueryCompiler>(base: Base) {
  return class extends base {
    protected override visitValues(node: ValuesNode): void {
      const insert = this.parentNode
      if (insert && InsertQueryNode.is(insert)) this.#visitRows(insert, node)
      else super.visitValues(node)
    }

    #visitRows({ into, columns = [] }: InsertQueryNode, node: ValuesNode) {
      const table = tableName(into)
      const targets = columns.map(({ column }) => columnIn(table, column.name))
      this.append('values ')
      for (let index = 0; index < node.values.length; index++) {
        const row = node.values[index]!
        this.append(index ? ', (' : '(')
        for (let place = 0; place < row.values.length; place++) {
          if (place) this.append(', ')
          if (PrimitiveValueListNode.is(row)) this.#write(targets[place], row.values[place])
          else this.#visitWritten(targets[place], row.values[place] as OperationNode)
        }
        this.append(')')
      }
    }

    protected override visitColumnUpdate(node: ColumnUpdateNode): void {
      const table = tableName(this.nodeStack.map(targetOf).findLast((target) => target !== undefined))
      const named = ReferenceNode.is(node.column) ? node.column.column : node.column
      this.visitNode(node.column)
      this.append(' = ')
      this.#visitWritten(ColumnNode.is(named) ? columnIn(table, named.column.name) : undefined, node.value)
    }

    #visitWritten(column: Column | undefined, node: OperationNode) {
      if (ValueNode.is(node) && !node.immediate) this.#write(column, node.value)
      else this.visitNode(node)
    }

    #write(column: Column | undefined, value: unknown) {
      this.appendValue(column ? new Written(value, column) : value)
    }
  }
}
