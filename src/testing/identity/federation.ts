// A cloud that is a client of a real provider, with an identity provider `corp` and a mapping, for tests.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Answer } from '../persona.ts'
import { type TestCloud, type TestCloudOptions, testCloud } from '../test-cloud.ts'
import { clientId, clientSecret, startProvider, type TestProvider } from './provider.ts'
import { ask } from './users.ts'

export const dashboard = 'http://dashboard.example.com/auth/websso/'
export const path = '/identity/v3/OS-FEDERATION'
export const byName = [
  {
    remote: [{ type: 'sub' }, { type: 'OIDC-name' }, { type: 'email' }],
    local: [{ user: { id: '{0}', name: '{1}', email: '{2}' } }],
  },
  { remote: [{ type: 'groups', whitelist: ['dev', 'ops'] }], local: [{ groups: '{0}', domain: { id: 'default' } }] },
]

export interface World extends AsyncDisposable {
  cloud: TestCloud
  provider: TestProvider
  /** Id of the domain of the provider's users. */
  domain: string
  /** Makes or replaces a mapping and puts it in force. */
  map(rules: object[]): Promise<void>
  /** Asks for an unscoped token with what the provider issued. */
  login(token: string, expected?: number, where?: string): Promise<Answer>
  /** The same for a token of `ann`; gives the token of identity. */
  ann(): Promise<string>
}

export async function federatedWorld(
  parts: { opaque?: boolean; file?: object; corp?: object; cloud?: TestCloudOptions } = {},
): Promise<World> {
  const provider = await startProvider({ opaque: parts.opaque })
  const folder = mkdtempSync(join(tmpdir(), 'nephos-federation-'))
  writeFileSync(join(folder, 'secret'), `${clientSecret}\n`)
  const entry = { issuer: provider.issuer, 'client-id': clientId, 'client-secret-file': 'secret', ...parts.file }
  // JSON is YAML.
  const file = join(folder, 'federation.yaml')
  writeFileSync(file, JSON.stringify({ 'trusted-dashboards': [dashboard], providers: [entry] }))
  const cloud = await testCloud({ ...parts.cloud, settings: { federationFile: file, ...parts.cloud?.settings } })
  const corp = { enabled: true, remote_ids: [provider.issuer], ...parts.corp }
  const { identity_provider } = (await cloud.admin.put(`${path}/identity_providers/corp`, { identity_provider: corp }, 201)).body
  await cloud.admin.put(`${path}/mappings/people`, { mapping: { rules: byName } }, 201)
  await cloud.admin.put(`${path}/identity_providers/corp/protocols/openid`, { protocol: { mapping_id: 'people' } }, 201)
  const login: World['login'] = (token, expected, where = 'corp/protocols/openid') =>
    ask(cloud, null, 'POST', `/v3/OS-FEDERATION/identity_providers/${where}/auth`, {
      headers: { authorization: `Bearer ${token}` },
      expected,
    })
  return {
    cloud,
    provider,
    domain: identity_provider.domain_id,
    async map(rules) {
      await cloud.admin.patch(`${path}/mappings/people`, { mapping: { rules } }, 200)
    },
    login,
    ann: async () => (await login(await provider.mint(), 201)).headers.get('x-subject-token')!,
    async [Symbol.asyncDispose]() {
      await cloud[Symbol.asyncDispose]()
      await provider[Symbol.asyncDispose]()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export async function makeGroup(cloud: TestCloud, name: string, domain_id = 'default'): Promise<string> {
  return (await cloud.admin.post('/identity/v3/groups', { group: { name, domain_id } }, 201)).body.group.id
}
