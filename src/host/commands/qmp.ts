// QMP, the monitor protocol of QEMU: JSON lines over a unix socket. The other side may hang or lie: every wait has a limit, every line a length.
import { connect } from 'node:net'
import { jsonObject, lineReader } from '../../contain.ts'

export class QmpError extends Error {}

export interface QmpEvent {
  event: string
  data: Record<string, unknown>
}

export interface Qmp {
  /** Gives the command's `return` value. Throws QmpError when refused, when the connection ends, and after `timeoutMs` (5,000). */
  execute(command: string, args?: Record<string, unknown>, timeoutMs?: number): Promise<unknown>
  /** Gives what ends it. */
  onEvent(listener: (event: QmpEvent) => void): () => void
  /** Resolves when the connection has ended, from whichever side. */
  closed: Promise<void>
  close(): void
}

const maxLine = 2 ** 20

interface Waiting {
  resolve(value: unknown): void
  reject(error: Error): void
}

/** Connects, reads the greeting and switches to command mode; throws QmpError when that takes longer than `timeoutMs`. */
export async function connectQmp(path: string, timeoutMs = 3000): Promise<Qmp> {
  const socket = connect(path)
  const waiting = new Map<number, Waiting>()
  const listeners = new Set<(event: QmpEvent) => void>()
  let sequence = 0
  let greeted = () => {}
  const greeting = new Promise<void>((resolve) => {
    greeted = resolve
  })
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  let failure = 'the monitor closed the connection'
  socket.on('error', (error) => {
    failure = error.message
  })
  socket.once('close', () => {
    for (const { reject } of waiting.values()) reject(new QmpError(failure))
    waiting.clear()
  })

  function take(line: string): void {
    const message = jsonObject(line)
    if ('QMP' in message) {
      greeted()
      return
    }
    if (typeof message.event === 'string') {
      for (const listener of listeners) listener({ event: message.event, data: (message.data ?? {}) as Record<string, unknown> })
      return
    }
    const waiter = waiting.get(message.id as number)
    if (!waiter) return
    waiting.delete(message.id as number)
    if ('error' in message) waiter.reject(new QmpError(String((message.error as { desc?: unknown } | null)?.desc ?? 'refused')))
    else waiter.resolve(message.return)
  }

  const read = lineReader(maxLine, take)
  socket.on('data', (chunk: Buffer) => {
    try {
      read(chunk)
    } catch (error) {
      failure = `the monitor sent what is not QMP: ${(error as Error).message}`
      socket.destroy()
    }
  })

  const execute: Qmp['execute'] = (command, args, limit = 5000) =>
    new Promise((resolve, reject) => {
      if (socket.destroyed) return reject(new QmpError(failure))
      const id = ++sequence
      const timer = setTimeout(() => {
        waiting.delete(id)
        reject(new QmpError(`the monitor did not answer ${command} within ${limit} ms`))
      }, limit)
      const end =
        <T>(then: (value: T) => void) =>
        (value: T) => {
          clearTimeout(timer)
          then(value)
        }
      waiting.set(id, { resolve: end(resolve), reject: end(reject) })
      socket.write(`${JSON.stringify({ execute: command, arguments: args, id })}\n`)
    })

  const qmp: Qmp = {
    execute,
    onEvent(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    closed,
    close: () => void socket.destroy(),
  }
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new QmpError(`the monitor did not answer within ${timeoutMs} ms`)), timeoutMs)
  })
  const ended = closed.then(() => {
    throw new QmpError(failure)
  })
  ended.catch(() => {})
  try {
    await Promise.race([greeting, late, ended])
    await execute('qmp_capabilities', undefined, timeoutMs)
    return qmp
  } catch (error) {
    socket.destroy()
    throw error
  } finally {
    clearTimeout(timer)
    late.catch(() => {})
  }
}
