// Tries a machine of states with two requests at once: of two that make the same event happen to one row, one does.
import assert from 'node:assert/strict'
import type { Database } from '../db/database.ts'
import type { Machine } from '../db/machine.ts'

interface Trial {
  database: Database
  machine: Machine
  /** Id of a row that is there; its columns of the machine are set by the trial. */
  id: string
}

type Value = string | number | null

/** Every event from each of its states, twice at the same time; gives how many were tried. What still holds after it may happen twice. */
export async function tryTwoAtOnce({ database, machine, id }: Trial): Promise<number> {
  let tried = 0
  for (const [event, { from, to }] of Object.entries(machine.events)) {
    for (const before of combinations(from as Record<string, readonly Value[]>)) {
      await put(database, machine, id, before)
      const after = { ...before, ...to }
      const mayHappenAgain = machine.can({ ...(await row(database, machine, id)), ...after } as never, event as never)
      const moves = await Promise.all([1, 2].map(() => database.write((tx) => machine.move(tx, id, event as never))))
      const what = `${machine.name} ${event} from ${JSON.stringify(before)}`
      assert.equal(moves.filter(Boolean).length, mayHappenAgain ? 2 : 1, what)
      const now = await row(database, machine, id)
      for (const [column, value] of Object.entries(to)) assert.equal(now[column], value, what)
      tried++
    }
  }
  return tried
}

/** Every event from each state that is not one of its own: nothing changes. `states` are all that a row can be in. */
export async function tryFromWrongStates({ database, machine, id }: Trial, states: Record<string, readonly Value[]>): Promise<void> {
  for (const event of Object.keys(machine.events)) {
    for (const state of combinations(states)) {
      if (machine.can(state as never, event as never)) continue
      await put(database, machine, id, state)
      const what = `${machine.name} ${event} from ${JSON.stringify(state)}`
      assert.equal(await database.write((tx) => machine.move(tx, id, event as never)), false, what)
      const now = await row(database, machine, id)
      for (const [column, value] of Object.entries(state)) assert.equal(now[column], value, what)
    }
  }
}

function combinations(choices: Record<string, readonly Value[]>): Record<string, Value>[] {
  return Object.entries(choices).reduce<Record<string, Value>[]>(
    (made, [column, values]) => made.flatMap((one) => values.map((value) => ({ ...one, [column]: value }))),
    [{}],
  )
}

// A test sets states as no handler may.
const table = (machine: Machine) => machine.table as 'compute_servers'
const put = (database: Database, machine: Machine, id: string, values: object) =>
  database.write(({ db }) =>
    db
      .updateTable(table(machine))
      .set(values as never)
      .where('id', '=', id)
      .execute(),
  )
const row = async (database: Database, machine: Machine, id: string) =>
  (await database.read.selectFrom(table(machine)).selectAll().where('id', '=', id).executeTakeFirstOrThrow()) as unknown as Record<
    string,
    Value
  >
