// Hashes of large data are made by a thread for each algorithm: beside the disk and the requests, not in their way.
import { Worker } from 'node:worker_threads'

/** What the thread does: messages of one hash come in their order, and each is answered. */
const program = `
const { parentPort, workerData } = require('node:worker_threads')
const { createHash } = require('node:crypto')
const hashes = new Map()
parentPort.on('message', ({ id, bytes, end }) => {
  const hash = hashes.get(id) ?? createHash(workerData)
  if (bytes) hashes.set(id, hash.update(bytes))
  if (end) hashes.delete(id)
  parentPort.postMessage(end === 'digest' ? hash.digest('hex') : '')
})`

interface Waiting {
  resolve(answer: string): void
  reject(error: Error): void
}

interface Message {
  id: number
  /** In shared memory. */
  bytes?: Uint8Array
  end?: 'digest' | 'drop'
}

class HashThread {
  readonly #worker: Worker
  /** Answers come in the order of the messages. */
  readonly #waiting: Waiting[] = []
  failed: Error | null = null

  constructor(algorithm: string) {
    const resourceLimits = { maxYoungGenerationSizeMb: 1, stackSizeMb: 1 }
    this.#worker = new Worker(program, { eval: true, workerData: algorithm, execArgv: [], resourceLimits })
    this.#worker.unref()
    this.#worker.on('message', (answer: string) => {
      this.#waiting.shift()?.resolve(answer)
      if (!this.#waiting.length) this.#worker.unref()
    })
    const fail = (error: Error) => {
      this.failed ??= error
      for (const { reject } of this.#waiting.splice(0)) reject(error)
    }
    this.#worker.on('error', fail)
    this.#worker.on('exit', () => fail(new Error('the hashing thread has ended')))
  }

  ask(message: Message): Promise<string> {
    if (this.failed) return Promise.reject(this.failed)
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    if (!this.#waiting.length) this.#worker.ref()
    this.#waiting.push({ resolve, reject })
    this.#worker.postMessage(message)
    return promise
  }
}

const threads = new Map<string, HashThread>()
let lastId = 0

export interface ThreadHash {
  /** Resolves when the bytes, which must be in shared memory, have been read and may be overwritten. */
  update(bytes: Uint8Array): Promise<unknown>
  /** The hash in hex. Ends it. */
  digest(): Promise<string>
  /** Ends it without a result. */
  drop(): void
}

/** Begins a hash in the thread of that algorithm, which is made when it is first needed. Rejects when the thread has ended. */
export function hashInThread(algorithm: 'md5' | 'sha512'): ThreadHash {
  let thread = threads.get(algorithm)
  if (!thread || thread.failed) {
    thread = new HashThread(algorithm)
    threads.set(algorithm, thread)
  }
  const own = thread
  const id = ++lastId
  return {
    update: (bytes) => own.ask({ id, bytes }),
    digest: () => own.ask({ id, end: 'digest' }),
    drop: () => void own.ask({ id, end: 'drop' }).catch(() => {}),
  }
}
