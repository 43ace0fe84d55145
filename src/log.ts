import { pino } from 'pino'

/** One structured line each: fields first, then the message. Secrets are never fields. */
export interface Log {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
  /** False where a line of that level would go nowhere: then its fields need not be made. */
  isLevelEnabled?(level: string): boolean
}

/** Names of fields that are blanked wherever they appear, as a second line of defence. */
const secret = [
  'password',
  'adminPass',
  'token',
  'secret',
  'key',
  'authorization',
  '*.password',
  '*.token',
  '*.secret',
  'headers["x-auth-token"]',
]

/** Milliseconds that a line of a request may wait for others before all are written at once. */
const batchMs = 100
const batchLength = 64 * 1024
const warning = 40

/**
 * Lines for the process's standard error, many in one write and off the path of requests. Whatever ends the process while it can still act
 * (an exit, a signal that it takes, an exception that nothing caught) writes what waits; warnings and errors do not wait. Only a kill that
 * gives no notice loses the last tenth of a second.
 */
function inBatches() {
  let waiting = ''
  let timer: NodeJS.Timeout | undefined
  function flush(): void {
    clearTimeout(timer)
    timer = undefined
    const text = waiting
    waiting = ''
    // Node writes to files, pipes and terminals at once, so lines keep their order and are out when the process ends.
    if (text) process.stderr.write(text)
  }
  process.on('exit', flush)
  return {
    flush,
    write(line: string): void {
      waiting += line
      if (waiting.length >= batchLength) flush()
      else timer ??= setTimeout(flush, batchMs).unref()
    },
  }
}
let batches: ReturnType<typeof inBatches> | undefined

/** A log on standard error, or on the stream that is given. */
export function createLog(options: { level: string; format: 'json' | 'pretty'; stream?: NodeJS.WritableStream }): Log {
  const out = options.stream ?? process.stderr
  if (options.format === 'json') {
    if (!options.stream) batches ??= inBatches()
    const shared = options.stream ? undefined : batches
    return pino(
      {
        level: options.level,
        redact: secret,
        base: undefined,
        timestamp: pino.stdTimeFunctions.isoTime,
        hooks: {
          logMethod(values, method, level) {
            method.apply(this, values)
            if (level >= warning) shared?.flush()
          },
        },
      },
      shared ?? out,
    )
  }
  const line = { write: (text: string) => void out.write(pretty(text)) }
  return pino({ level: options.level, redact: secret, base: undefined }, line)
}

const levels: Record<number, string> = { 20: 'debug', 30: 'info ', 40: 'warn ', 50: 'ERROR' }

function pretty(text: string): string {
  const { level, time, msg, ...fields } = JSON.parse(text) as { level: number; time: number; msg: string }
  const rest = Object.entries(fields).map(
    ([name, value]) => `${name}=${typeof value === 'string' && !/[\s"=]/.test(value) ? value : JSON.stringify(value)}`,
  )
  return `${new Date(time).toISOString().slice(11, 23)} ${levels[level] ?? level} ${msg} ${rest.join(' ')}\n`
}

export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {}, isLevelEnabled: () => false }
