// Work that fills a thread for long: hashes of passwords, and keys. Node's pool does what is done with files too and takes the oldest
// first, so one of its threads is always left for them, and clients take turns with the others.
import { AsyncLocalStorage } from 'node:async_hooks'
import { createTurns } from './auth/turns.ts'

/** As many as Node's pool has unless its variable says otherwise. */
const threads = Number(process.env.UV_THREADPOOL_SIZE) || 4
const turns = createTurns({ atOnce: Math.max(1, threads - 1), ofClient: 64, inAll: 1024 })
const client = new AsyncLocalStorage<string>()

/** Runs what may fill threads for a client (an address, a user): its work waits in a line of its own, and throws TooManyWaiting when that is long. */
export const asClient = <T>(name: string, work: () => T): T => client.run(name, work)

/** Does work that fills a thread of the pool, when it is the client's turn. */
export async function onThread<T>(work: () => Promise<T>): Promise<T> {
  await turns.take(client.getStore() ?? '')
  try {
    return await work()
  } finally {
    turns.give()
  }
}
