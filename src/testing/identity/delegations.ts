// Ways to act with what a user handed over, for tests: each gives the body of a token made by it.
import assert from 'node:assert/strict'
import { createHmac, randomBytes } from 'node:crypto'
import type { Answer } from '../persona.ts'
import type { TestCloud } from '../test-cloud.ts'
import { ask, passwordAuth, type TestUser } from './users.ts'

const quote = (text: string) => encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)

export interface Signing {
  consumer: { id: string; secret: string }
  token?: { id: string; secret: string }
  verifier?: string
  callback?: string
  timestamp?: number
  nonce?: string
  method?: string
  signatureMethod?: string
}

/** The Authorization header of OAuth 1.0 for a POST of that path below /identity. */
export function oauthHeader(cloud: TestCloud, path: string, signing: Signing): string {
  const { consumer, token, verifier, callback, timestamp = Math.floor(Date.now() / 1000), nonce, method = 'POST' } = signing
  const parameters: Record<string, string> = {
    oauth_consumer_key: consumer.id,
    oauth_nonce: nonce ?? randomBytes(8).toString('hex'),
    oauth_signature_method: signing.signatureMethod ?? 'HMAC-SHA1',
    oauth_timestamp: String(timestamp),
    oauth_version: '1.0',
    ...(token ? { oauth_token: token.id } : {}),
    ...(verifier === undefined ? {} : { oauth_verifier: verifier }),
    ...(callback === undefined ? {} : { oauth_callback: callback }),
  }
  const pairs = Object.keys(parameters)
    .sort()
    .map((name) => `${quote(name)}=${quote(parameters[name]!)}`)
    .join('&')
  const text = `${method}&${quote(`${cloud.url}/identity${path}`)}&${quote(pairs)}`
  const key = `${consumer.secret}&${token?.secret ?? ''}`
  const hash = signing.signatureMethod?.replace('HMAC-', '').toLowerCase() ?? 'sha1'
  parameters.oauth_signature = hash === 'plaintext' ? key : createHmac(hash, key).update(text).digest('base64')
  return `OAuth ${Object.entries(parameters)
    .map(([name, value]) => `${quote(name)}="${quote(value)}"`)
    .join(', ')}`
}

export const formOf = (answer: Answer) => {
  const form = new URLSearchParams(answer.text)
  return { id: form.get('oauth_token')!, secret: form.get('oauth_token_secret')!, expires: form.get('oauth_expires_at')! }
}

/** A consumer and an access token by which it acts for `user` with those roles. */
export async function makeAccessToken(cloud: TestCloud, userToken: string, project: string, roles: { id: string }[]) {
  const { consumer } = (await cloud.admin.post('/identity/v3/OS-OAUTH1/consumers', { consumer: {} }, 201)).body
  const path = '/v3/OS-OAUTH1/request_token'
  const request = formOf(
    await ask(cloud, null, 'POST', path, {
      headers: { authorization: oauthHeader(cloud, path, { consumer, callback: 'oob' }), 'requested-project-id': project },
      expected: 201,
    }),
  )
  const { oauth_verifier: verifier } = (
    await ask(cloud, userToken, 'PUT', `/v3/OS-OAUTH1/authorize/${request.id}`, { body: { roles }, expected: 200 })
  ).body.token
  const exchange = '/v3/OS-OAUTH1/access_token'
  const token = formOf(
    await ask(cloud, null, 'POST', exchange, {
      headers: { authorization: oauthHeader(cloud, exchange, { consumer, token: request, verifier }) },
      expected: 201,
    }),
  )
  return { consumer, token, request, verifier }
}

export const oauthLogin = (cloud: TestCloud, signing: Signing, expected?: number) =>
  ask(cloud, null, 'POST', '/v3/auth/tokens', {
    headers: { authorization: oauthHeader(cloud, '/v3/auth/tokens', signing) },
    body: { auth: { identity: { methods: ['oauth1'], oauth1: {} } } },
    expected,
  })

export interface World {
  cloud: TestCloud
  project: string
  user: TestUser
  trustee: TestUser
  /** Of the user, by password, for the project. */
  own: string
}

export const kinds = [
  'trust',
  'trust without impersonation',
  'redelegatable trust',
  'application credential',
  'unrestricted application credential',
  'OAuth',
  'EC2',
] as const
export type Kind = (typeof kinds)[number]

let count = 0

/** Tries to make a delegation of that kind with the token `by`, of `world.user`; roles matter to all but EC2, which has them all. */
export async function delegate(
  world: World,
  kind: Kind,
  by: string,
  roles: { id: string }[],
): Promise<{ status: number; login(): Promise<Answer> }> {
  const { cloud, project, user, trustee } = world
  if (kind.includes('trust') && kind !== 'EC2') {
    const trust = {
      trustor_user_id: user.id,
      trustee_user_id: trustee.id,
      project_id: project,
      impersonation: kind !== 'trust without impersonation',
      roles,
      ...(kind === 'redelegatable trust' ? { allow_redelegation: true } : {}),
    }
    const made = await ask(cloud, by, 'POST', '/v3/OS-TRUST/trusts', { body: { trust } })
    const scope = { 'OS-TRUST:trust': { id: made.body.trust?.id } } as never
    return {
      status: made.status,
      login: () => ask(cloud, null, 'POST', '/v3/auth/tokens', { body: passwordAuth({ id: trustee.id }, trustee.password, scope) }),
    }
  }
  if (kind.endsWith('application credential')) {
    const application_credential = { name: `a${++count}`, roles, unrestricted: kind.startsWith('unrestricted') }
    const made = await ask(cloud, by, 'POST', `/v3/users/${user.id}/application_credentials`, { body: { application_credential } })
    const { id, secret } = made.body.application_credential ?? {}
    return {
      status: made.status,
      login: () =>
        ask(cloud, null, 'POST', '/v3/auth/tokens', {
          body: { auth: { identity: { methods: ['application_credential'], application_credential: { id, secret } } } },
        }),
    }
  }
  if (kind === 'OAuth') {
    try {
      const signing = await makeAccessToken(cloud, by, project, roles)
      return { status: 201, login: () => oauthLogin(cloud, signing) }
    } catch (error) {
      assert.match(String(error), /403/)
      return { status: 403, login: () => assert.fail('there is none') }
    }
  }
  const made = await ask(cloud, by, 'POST', `/v3/users/${user.id}/credentials/OS-EC2`, { body: { tenant_id: project } })
  const keys = made.body.credential
  return { status: made.status, login: async () => signedLogin(cloud, keys) }
}

/** By a request signed for S3, version 2. */
export async function signedLogin(cloud: TestCloud, keys: { access: string; secret: string }): Promise<Answer> {
  const text = `GET\n\n\n${new Date(cloud.cloud.environment.clock.now()).toUTCString()}\n/`
  const signature = createHmac('sha1', keys.secret).update(text).digest('base64')
  return ask(cloud, await cloud.admin.token(), 'POST', '/v3/s3tokens', {
    body: { credentials: { access: keys.access, signature, token: Buffer.from(text).toString('base64') } },
  })
}
