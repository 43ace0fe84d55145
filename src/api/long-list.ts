// Lists of any length in an answer: their entries are made and written batch by batch, and all others in the process get their turn in
// between.
import type { Readable } from 'node:stream'
import { turn } from '../turns.ts'
import { Poured } from './poured.ts'

/** Entries of a batch: a few milliseconds of work. */
const batchSize = 500
/** Lists up to this length are made at once. */
const mostAtOnce = 2 * batchSize

/** A list in an answer whose entries are made while it is sent. */
export class LongList {
  readonly batches: AsyncIterable<readonly object[]>
  constructor(batches: AsyncIterable<readonly object[]>) {
    this.batches = batches
  }
}

async function* inBatches<Row>(rows: readonly Row[], view: (rows: Row[]) => Promise<readonly object[]> | readonly object[]) {
  for (let at = 0; at < rows.length; at += batchSize) yield await view(rows.slice(at, at + batchSize))
}

/** The entries of an answer's list: at once where the rows are few, else a list that is made while it is sent. `view` gets rows in batches. */
export function entriesOf<Row>(
  rows: Row[],
  view: (rows: Row[]) => Promise<readonly object[]> | readonly object[],
): Promise<readonly object[]> | readonly object[] | LongList {
  return rows.length <= mostAtOnce ? view(rows) : new LongList(inBatches(rows, view))
}

/** The entries that come in these batches, in the same way. */
export async function shortOrLong(batches: AsyncGenerator<readonly object[]>): Promise<object[] | LongList> {
  const first: object[] = []
  for (let next = await batches.next(); !next.done; next = await batches.next()) {
    for (const entry of next.value) first.push(entry)
    await turn()
    if (first.length <= mostAtOnce) continue
    return new LongList(
      (async function* () {
        yield first
        yield* batches
      })(),
    )
  }
  return first
}

/** As JSON text in pieces: `{`, what stands before the list, its entries, what stands behind it. */
class LongJson extends Poured {
  readonly #begin: string
  readonly #end: string
  readonly #batches: AsyncIterable<readonly object[]>

  constructor(body: Record<string, unknown>, key: string, batches: AsyncIterable<readonly object[]>) {
    super()
    const mark = JSON.stringify(key)
    const names = Object.keys(body)
    const part = (some: string[]) => JSON.stringify(Object.fromEntries(some.map((name) => [name, body[name]]))).slice(1, -1)
    const before = part(names.slice(0, names.indexOf(key)))
    const after = part(names.slice(names.indexOf(key) + 1))
    this.#begin = `{${before}${before && ','}${mark}:[`
    this.#end = `]${after && ','}${after}}`
    this.#batches = batches
  }

  async pour(write: (piece: Buffer) => Promise<void>): Promise<void> {
    let text = this.#begin
    let first = true
    for await (const batch of this.#batches) {
      for (const entry of batch) {
        text += first ? JSON.stringify(entry) : `,${JSON.stringify(entry)}`
        first = false
      }
      await write(Buffer.from(text))
      text = ''
      await turn()
    }
    await write(Buffer.from(text + this.#end))
  }
}

/** Characters up to which a text is put together before it is sent. */
const longestAtOnce = 2 ** 20

/** Text in pieces that are made while it is sent. */
class LongText extends Poured {
  readonly #pieces: AsyncIterable<string>
  constructor(pieces: AsyncIterable<string>) {
    super()
    this.#pieces = pieces
  }
  async pour(write: (piece: Buffer) => Promise<void>): Promise<void> {
    for await (const piece of this.#pieces) {
      if (piece) await write(Buffer.from(piece))
      await turn()
    }
  }
}

/** `begin`, the entries (which are JSON already) of all parts with commas between them, and `end`: as a text where that is short, else sent while it is made. */
export async function shortOrLongText(begin: string, parts: AsyncGenerator<string[]>, end: string): Promise<string | Readable> {
  let text = begin
  let separator = ''
  const add = (entries: string[]) => {
    for (const entry of entries) {
      text += separator + entry
      separator = ','
    }
  }
  for (let next = await parts.next(); !next.done; next = await parts.next()) {
    add(next.value)
    if (text.length <= longestAtOnce) continue
    return new LongText(
      (async function* () {
        yield text
        for await (const entries of parts) {
          text = ''
          add(entries)
          yield text
        }
        yield end
      })(),
    )
  }
  return text + end
}

/**
 * The body, where it has a long list in it, as a stream of JSON; null where it has none. `cut` makes a body that of a version, in place.
 */
export function longJson(body: Record<string, unknown>, cut: ((body: unknown) => void) | null): Poured | null {
  if (Array.isArray(body)) return null
  for (const key in body) {
    const value = body[key]
    if (!(value instanceof LongList) && !(Array.isArray(value) && value.length > mostAtOnce)) continue
    const batches = value instanceof LongList ? value.batches : inBatches(value as object[], (entries) => entries)
    const cutBatches = async function* () {
      for await (const batch of batches) {
        cut?.({ [key]: batch })
        yield batch
      }
    }
    const around = { ...body, [key]: [] }
    cut?.(around)
    return new LongJson(around, key, cutBatches())
  }
  return null
}

/** The body with its long list whole, where it has to be seen as a whole. `heard` throws when nobody hears the answer any more. */
export async function whole(body: object, heard: () => void): Promise<object> {
  if (Array.isArray(body)) return body
  const made: Record<string, unknown> = { ...body }
  for (const [key, value] of Object.entries(made)) {
    if (!(value instanceof LongList)) continue
    const entries: object[] = []
    for await (const batch of value.batches) {
      heard()
      for (const entry of batch) entries.push(entry)
      await turn()
    }
    made[key] = entries
  }
  return made
}
