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

export function createLog(options: { level: string; format: 'json' | 'pretty'; stream?: NodeJS.WritableStream }): Log {
  const out = options.stream ?? process.stderr
  if (options.format === 'json')
    return pino({ level: options.level, redact: secret, base: undefined, timestamp: pino.stdTimeFunctions.isoTime }, out)
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
