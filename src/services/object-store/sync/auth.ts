// Requests of another cloud's synchronisation: signed by a realm's key and the container's, or showing the container's key.
import { createHmac, timingSafeEqual } from 'node:crypto'
import { Fault } from '../../../api/faults.ts'
import type { BaseContext } from '../../../api/operation.ts'
import { encoded } from '../../../s3-client/sign.ts'
import { header } from '../headers.ts'
import { plain } from '../limits.ts'
import { unquote } from '../quoting.ts'
import type { Container } from '../tables.ts'
import { realmKeys } from './target.ts'

export const signature = (method: string, path: string, timestamp: string, nonce: string, realmKey: string, userKey: string) =>
  createHmac('sha1', realmKey).update([method, path, timestamp, nonce, userKey].join('\n')).digest('hex')

function same(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}

const day = 86_400 * 100_000

/** The time that a request of synchronisation speaks of, in units; the request must not come from the future. Throws 400. */
export function syncTime(context: BaseContext): number {
  const text = header(context.headers, 'x-timestamp') ?? ''
  const match = /^(\d{10})\.(\d{5})$/.exec(text)
  const at = match ? Number(match[1]! + match[2]!) : Number.NaN
  if (!(at <= context.cloud.environment.clock.now() * 100 + day)) throw plain(400, 'X-Timestamp should be a UNIX timestamp float value')
  return at
}

/**
 * True when the request synchronises this container: it may put and delete objects there, and nothing else.
 * False where it does not claim to; throws 401 where a realm's signature is wrong.
 */
export function isSync(context: BaseContext, container: Container | undefined): boolean {
  const { headers, request } = context
  const { method = '' } = request
  const auth = header(headers, 'x-container-sync-auth')
  const shown = header(headers, 'x-container-sync-key')
  if ((auth === undefined && shown === undefined) || (method !== 'PUT' && method !== 'DELETE')) return false
  const key = container?.metadata['x-container-sync-key']
  const timestamp = header(headers, 'x-timestamp')
  if (auth !== undefined) {
    const refuse = (why: string) => new Fault(401, `X-Container-Sync-Auth header not valid; ${why}`)
    const [realm = '', nonce = '', sent = '', ...rest] = auth.split(' ')
    if (!sent || rest.length) throw refuse('not of the form realm nonce signature')
    if (!key || !timestamp) throw refuse('no local user key for this container')
    // Signed is the path in one certain encoding; whoever stands behind a prefix may have signed with it or without.
    const path = request
      .url!.split('?')[0]!
      .split('/')
      .map((part) => encoded(unquote(part) ?? part))
      .join('/')
    const paths = [path, path.slice(path.indexOf(`/${context.major}/`))]
    const keys = realmKeys(context.cloud, realm)
    if (!keys.some((realmKey) => paths.some((one) => same(signature(method, one, timestamp, nonce, realmKey, key), sent))))
      throw refuse('contact cluster operator for support')
  } else if (!key || timestamp === undefined || !same(key, shown!)) return false
  // It brings bytes of its own, not those of objects here that it could not read.
  const others = ['multipart-manifest', 'version-id', 'extract-archive', 'bulk-delete']
  if (headers['x-copy-from'] !== undefined || others.some((name) => context.rawQuery.has(name)))
    throw plain(400, 'Not allowed in a request of container synchronisation')
  return true
}
