// Who signed a request with a consumer's secret, and with that of a request or access token.
import { unauthorized } from '../../../api/faults.ts'
import type { BaseContext } from '../../../api/operation.ts'
import type { AccessTokenRow, ConsumerRow, RequestTokenRow } from '../../../auth/delegation-tables.ts'
import { decryptBlob } from '../credentials/blob.ts'
import { baseString, isMethod, isSigned, oauthParameters } from './signature.ts'
import { findAccessToken, findConsumer, findRequestToken, useNonce } from './store.ts'

/** A request signed longer ago, or that much ahead, is refused. */
const windowMs = 600_000

interface Tokens {
  none: null
  request: RequestTokenRow
  access: AccessTokenRow
}

/** Checks signature, time, and that it was not sent before. `path` below the version. Throws 401, the same for everything. */
export async function verifySigned<Kind extends keyof Tokens>(
  context: BaseContext,
  path: string,
  kind: Kind,
): Promise<{ consumer: ConsumerRow; token: Tokens[Kind]; parameters: Map<string, string> }> {
  const { cloud, headers, rawQuery, href, request, now } = context
  const { read } = cloud.database
  const parameters = oauthParameters(headers.authorization)
  const given = (name: string) => parameters?.get(`oauth_${name}`) ?? ''
  if (!parameters || !isMethod(given('signature_method')) || !given('nonce') || !/^\d{1,12}$/.test(given('timestamp'))) throw unauthorized()
  if (parameters.has('oauth_version') && given('version') !== '1.0') throw unauthorized()
  await cloud.keys.refresh()
  const consumer = await findConsumer(read, given('consumer_key'))
  const token =
    kind === 'none' ? null : kind === 'request' ? await findRequestToken(read, given('token')) : await findAccessToken(read, given('token'))
  const secret = (row: { encrypted_secret: string } | null | undefined) => (row ? decryptBlob(cloud, row.encrypted_secret) : '')
  const text = baseString(request.method!, href(path), rawQuery, parameters)
  const right = isSigned(text, secret(consumer), secret(token), given('signature'), given('signature_method'))
  const ms = cloud.environment.clock.now()
  if (!right || !consumer || token === undefined || Math.abs(ms - Number(given('timestamp')) * 1000) > windowMs) throw unauthorized()
  if (token && (token.consumer_id !== consumer.id || (token.expires_at !== null && token.expires_at <= now))) throw unauthorized()
  const parts = [consumer.id, token?.id ?? '', given('timestamp'), given('nonce')]
  if (!(await context.write(({ db }) => useNonce(db, parts, ms, 2 * windowMs)))) throw unauthorized()
  return { consumer, token: token as Tokens[Kind], parameters }
}
