// Hashes of large images are made by threads of their own, one for each algorithm: side by side, and not in the way of requests.
import { createHash } from 'node:crypto'
import { Worker } from 'node:worker_threads'

const algorithms = ['md5', 'sha512'] as const

export interface Digests {
  md5: string
  sha512: string
}

export interface Hashing {
  /** Resolves when the bytes, which must be in shared memory, have been read and may be overwritten. */
  update(bytes: Uint8Array): Promise<void>
  /** Ends it. */
  digest(): Promise<Digests>
}

/** What a thread does: messages of one hashing come in their order, and each is answered. */
const program = `
const { parentPort, workerData } = require('node:worker_threads')
const { createHash } = require('node:crypto')
const hashes = new Map()
parentPort.on('message', ({ id, bytes }) => {
  const hash = hashes.get(id) ?? createHash(workerData)
  if (bytes) {
    hashes.set(id, hash.update(bytes))
    parentPort.postMessage({ id, digest: '' })
  } else {
    hashes.delete(id)
    parentPort.postMessage({ id, digest: hash.digest('hex') })
  }
})`

interface Waiting {
  resolve(digest: string): void
  reject(error: Error): void
}

class HashThread {
  readonly #worker: Worker
  readonly #waiting = new Map<number, Waiting[]>()
  failed = false

  constructor(algorithm: string) {
    this.#worker = new Worker(program, { eval: true, workerData: algorithm, execArgv: [] })
    this.#worker.unref()
    this.#worker.on('message', ({ id, digest }: { id: number; digest: string }) => {
      const list = this.#waiting.get(id)
      list?.shift()?.resolve(digest)
      if (!list?.length) this.#waiting.delete(id)
      if (!this.#waiting.size) this.#worker.unref()
    })
    const fail = (error: Error) => {
      this.failed = true
      for (const waiting of [...this.#waiting.values()].flat()) waiting.reject(error)
      this.#waiting.clear()
    }
    this.#worker.on('error', fail)
    this.#worker.on('exit', () => fail(new Error('the hashing thread has ended')))
  }

  ask(id: number, bytes: Uint8Array | null): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    this.#waiting.set(id, [...(this.#waiting.get(id) ?? []), { resolve, reject }])
    this.#worker.ref()
    this.#worker.postMessage({ id, bytes })
    return promise
  }
}

let threads: HashThread[] = []
let lastId = 0

/** Begins to hash something large; the threads are made when they are first needed. */
export function startHashing(): Hashing {
  if (!threads.length || threads.some((thread) => thread.failed)) threads = algorithms.map((name) => new HashThread(name))
  const own = threads
  const id = ++lastId
  const ask = (bytes: Uint8Array | null) => Promise.all(own.map((thread) => thread.ask(id, bytes)))
  return {
    update: async (bytes) => void (await ask(bytes)),
    async digest() {
      const [md5 = '', sha512 = ''] = await ask(null)
      return { md5, sha512 }
    },
  }
}

/** The hashes of something small, at once. */
export const hashNow = (bytes: Uint8Array): Digests => ({
  md5: createHash('md5').update(bytes).digest('hex'),
  sha512: createHash('sha512').update(bytes).digest('hex'),
})
