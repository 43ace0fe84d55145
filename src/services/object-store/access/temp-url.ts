// Temporary URLs: somebody with the account's or container's key signed the method, the path and the time it ends.
import { createHmac, timingSafeEqual } from 'node:crypto'
import { BlockList, isIP } from 'node:net'
import { Fault } from '../../../api/faults.ts'
import type { BaseContext } from '../../../api/operation.ts'
import { clientAddress } from '../../../http/forwarded.ts'
import { findAccount } from '../accounts/store.ts'
import { plain } from '../limits.ts'
import { withoutSlashes } from '../quoting.ts'
import type { Container } from '../tables.ts'

export interface TempUrl {
  /** What the signing key belongs to: a container's key opens nothing outside of it. */
  scope: 'account' | 'container'
  /** Seconds since the epoch. */
  expires: number
  filename: string | null
  inline: boolean
}

const digests: Record<string, { name: string; hexLength: number }> = {
  sha1: { name: 'sha1', hexLength: 40 },
  sha256: { name: 'sha256', hexLength: 64 },
  sha512: { name: 'sha512', hexLength: 128 },
}
/** A link to HEAD is contained in one to read or write. */
const signedFor: Record<string, string[]> = {
  GET: ['GET'],
  HEAD: ['HEAD', 'GET', 'POST', 'PUT'],
  PUT: ['PUT'],
  POST: ['POST'],
  DELETE: ['DELETE'],
}

const invalid = () => new Fault(401, 'Temp URL invalid')

/** Digest and hex form of a signature: bare hex tells by its length, `sha256:` and base64 by its name. Null for anything else. */
export function readSignature(text: string): { digest: string; hex: string } | null {
  const colon = text.indexOf(':')
  if (colon > 0) {
    const name = text.slice(0, colon)
    const digest = Object.hasOwn(digests, name) ? digests[name] : undefined
    if (!digest) return null
    const hex = Buffer.from(
      text
        .slice(colon + 1)
        .replaceAll('-', '+')
        .replaceAll('_', '/'),
      'base64',
    ).toString('hex')
    return hex.length === digest.hexLength ? { digest: digest.name, hex } : null
  }
  const digest = Object.values(digests).find(({ hexLength }) => hexLength === text.length)
  return digest && /^[0-9a-f]+$/.test(text) ? { digest: digest.name, hex: text } : null
}

/** Seconds of an expiry: Unix time or ISO 8601 in UTC; NaN for anything else. */
export function readExpiry(text: string): number {
  if (/^\d{1,12}$/.test(text)) return Number(text)
  return /^\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\dZ?)?$/.test(text)
    ? Math.floor(Date.parse(text.length === 10 || text.endsWith('Z') ? text : `${text}Z`) / 1000)
    : Number.NaN
}

export function sameHex(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a, 'hex'), Buffer.from(b, 'hex')]
  return left.length > 0 && left.length === right.length && timingSafeEqual(left, right)
}

function fromAddress(range: string, context: BaseContext): boolean {
  const [address = '', bits] = range.split('/')
  const kind = isIP(address)
  const remote = clientAddress(context.request).replace(/^::ffff:/, '')
  if (!kind || kind !== isIP(remote)) return false
  const list = new BlockList()
  const family = kind === 4 ? 'ipv4' : 'ipv6'
  if (bits === undefined) list.addAddress(address, family)
  else if (/^\d{1,3}$/.test(bits) && Number(bits) <= (kind === 4 ? 32 : 128)) list.addSubnet(address, Number(bits), family)
  else return false
  return list.check(remote, family)
}

/** Keys that may have signed, of the account and of the container. */
export async function signingKeys(
  context: BaseContext,
  account: string,
  container: Container | undefined,
): Promise<{ key: string; scope: TempUrl['scope'] }[]> {
  const row = await findAccount(context.cloud.database.read, account)
  const keys: { key: string | undefined; scope: TempUrl['scope'] }[] = []
  for (const number of ['', '-2']) {
    keys.push({ key: row?.metadata[`x-account-meta-temp-url-key${number}`], scope: 'account' })
    keys.push({ key: container?.metadata[`x-container-meta-temp-url-key${number}`], scope: 'container' })
  }
  return keys.filter((entry): entry is { key: string; scope: TempUrl['scope'] } => Boolean(entry.key))
}

/** What a link's query may say: signed, or a wish about the name under which a browser stores it. */
const signedNames = new Set(['temp_url_sig', 'temp_url_expires', 'temp_url_prefix', 'temp_url_ip_range', 'filename', 'inline'])

/** The grant that the query's signature gives for `method`; null when there is no signature. All else is taken out of the query. Throws 401 when it is wrong or late. */
export async function checkTempUrl(
  context: BaseContext,
  account: string,
  container: Container | undefined,
  containerName: string,
  object: string,
  method: string = context.request.method!,
): Promise<TempUrl | null> {
  const query = context.rawQuery
  const signatureText = query.get('temp_url_sig')
  const expiresText = query.get('temp_url_expires')
  if (signatureText === null && expiresText === null) return null
  const signature = readSignature(signatureText ?? '')
  const expires = readExpiry(expiresText ?? '')
  if (!signature || !(expires * 1000 > context.cloud.environment.clock.now())) throw invalid()
  const prefix = query.get('temp_url_prefix')
  if (prefix !== null && !object.startsWith(prefix)) throw invalid()
  const range = query.get('temp_url_ip_range')
  if (range !== null && !fromAddress(range, context)) throw invalid()
  const path = `/${context.major}/${account}/${containerName}/${prefix ?? object}`
  const signed = `${expires}\n${prefix === null ? '' : 'prefix:'}${path}`
  let scope: TempUrl['scope'] | null = null
  for (const { key, scope: of } of await signingKeys(context, account, container)) {
    for (const verb of signedFor[method] ?? []) {
      const text = `${range === null ? '' : `ip=${range}\n`}${verb}\n${signed}`
      const right = createHmac(signature.digest, Buffer.from(key, 'latin1')).update(text).digest('hex')
      if (sameHex(right, signature.hex) && scope !== 'account') scope = of
    }
  }
  if (!scope) throw invalid()
  if (method === 'PUT' || method === 'POST') refuseIndirection(context)
  const granted = { scope, expires, filename: query.get('filename'), inline: query.has('inline') }
  // What was not signed has no effect: another version, a manifest instead of its bytes, a link itself.
  for (const name of [...query.keys()]) if (!signedNames.has(name)) query.delete(name)
  return granted
}

/** A link to write one object must not make it show others: no manifests, no symbolic links. */
function refuseIndirection(context: BaseContext): void {
  for (const name of ['x-object-manifest', 'x-symlink-target', 'x-copy-from'])
    if (context.headers[name] !== undefined) throw plain(400, `The header '${name}' is not allowed in this tempurl`)
  for (const name of ['multipart-manifest', 'version-id'])
    if (context.rawQuery.has(name)) throw plain(400, `${name} is not allowed in this tempurl`)
}

const quoted = (name: string) => name.replace(/[^\x20-\x7e]|["\\]/g, '_')
const encoded = (name: string) => encodeURIComponent(name).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)

/** Headers of an answer to a temporary URL. */
export function dispositionHeaders(temp: TempUrl, object: string, kept: string | undefined): Record<string, string> {
  const name = temp.filename || withoutSlashes(object).split('/').at(-1) || object
  const file = `filename="${quoted(name)}"; filename*=UTF-8''${encoded(name)}`
  const inline = temp.filename ? `inline; ${file}` : 'inline'
  const disposition = temp.inline ? inline : !temp.filename && kept ? kept : `attachment; ${file}`
  return { 'content-disposition': disposition, expires: new Date(temp.expires * 1000).toUTCString() }
}
