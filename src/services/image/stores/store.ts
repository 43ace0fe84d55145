// What every store of image data can do. Where the bytes come from and who may have them is decided elsewhere.
import type { Readable } from 'node:stream'

export type StoreType = 'file' | 'object-store' | 's3' | 'rbd'

export interface ImageStore {
  /** As the operator named it. */
  id: string
  type: StoreType
  description: string
  /** Stores of a greater weight are read first. */
  weight: number
  /** What administrators are shown of it: never a secret. */
  properties: Record<string, string | number | boolean>
  /** True where data that is being read stays whole to its end although it is removed meanwhile. */
  keepsOpen: boolean
  /** Makes what the store needs; idempotent. Throws when the store cannot be used. */
  prepare(): Promise<void>
  /** Copies the file, of `size` bytes and never to be written again, to the store: whole and durable when this resolves. What an earlier try has left there is replaced. */
  put(key: string, path: string, size: number, signal?: AbortSignal): Promise<void>
  /** Bytes `start` to `end` (inclusive). Throws MissingData. */
  read(key: string, start: number, end: number): Promise<Readable>
  /** Removes the data and what unfinished puts have left; idempotent. */
  remove(key: string): Promise<void>
  /** Size in bytes; null when there is none. */
  size(key: string): Promise<number | null>
  /** All that is there. */
  keys(): AsyncIterable<{ key: string; size: number }>
  /** Address of the data, as administrators see it. */
  url(key: string): string
  close?(): void
}

/** The store answers, and does not have the data. */
export class MissingData extends Error {
  constructor(store: string, key: string) {
    super(`The store ${store} has no data ${key}.`)
  }
}
