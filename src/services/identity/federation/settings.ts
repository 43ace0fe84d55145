// federation.yaml: the OpenID Connect providers that this cloud is a client of. Only addresses that stand here are ever called: an
// identity provider of the API is bound to one by the issuer among its `remote_ids`.

import { join } from 'node:path'
import { type Static, Type } from 'typebox'
import { Closed } from '../../../api/types.ts'
import type { Secret } from '../../../auth/secret.ts'
import { type Config, UserError } from '../../../config.ts'
import { readSecret, readSettingsFile } from '../settings-file.ts'

const Text = Type.String({ minLength: 1, maxLength: 1024 })
const Url = Type.String({ minLength: 1, maxLength: 1024, pattern: '^https?://[^\\s#]+$' })

const File = Closed({
  'public-url': Type.Optional(Url),
  'trusted-dashboards': Type.Optional(Type.Array(Url, { maxItems: 100 })),
  providers: Type.Optional(
    Type.Array(
      Closed({
        issuer: Url,
        'client-id': Text,
        'client-secret-file': Type.Optional(Text),
        scopes: Type.Optional(Type.String({ maxLength: 1024, pattern: '^[\\x21\\x23-\\x5b\\x5d-\\x7e ]+$' })),
        audiences: Type.Optional(Type.Array(Text, { minItems: 1, maxItems: 20 })),
        introspection: Type.Optional(Type.Boolean()),
        userinfo: Type.Optional(Type.Boolean()),
      }),
      { maxItems: 100 },
    ),
  ),
})

export interface OidcSettings {
  issuer: string
  clientId: string
  clientSecret: Secret | null
  scopes: string
  /** Whom tokens that clients present may be for. */
  audiences: string[]
  /** Ask the provider what a token that is not signed for us to read is worth. */
  introspection: boolean
  /** Complete the claims of a token by what the provider's userinfo says. */
  userinfo: boolean
}

export interface FederationSettings {
  /** Address of the identity service as browsers reach it, without `/v3`; null: that of the catalog. */
  publicUrl: string | null
  trustedDashboards: string[]
  providers: OidcSettings[]
}

/** Reads the file of the settings, or `federation.yaml` in the data folder when it is there. Throws UserError. */
export function readFederationSettings(config: Pick<Config, 'federationFile' | 'dataDir'>): FederationSettings {
  const path = config.federationFile ?? join(config.dataDir, 'federation.yaml')
  const file: Static<typeof File> = readSettingsFile(path, config.federationFile !== null, File) ?? {}
  const providers = (file.providers ?? []).map((entry) => {
    if (!isSafe(entry.issuer)) throw new UserError(`${path}: the issuer ${entry.issuer} must be reached by https.`)
    return {
      issuer: entry.issuer,
      clientId: entry['client-id'],
      clientSecret: entry['client-secret-file'] === undefined ? null : readSecret(path, entry['client-secret-file']),
      scopes: entry.scopes ?? 'openid profile email',
      audiences: entry.audiences ?? [entry['client-id']],
      introspection: entry.introspection ?? false,
      userinfo: entry.userinfo ?? false,
    }
  })
  const twice = providers.find(({ issuer }, i) => providers.findIndex((other) => other.issuer === issuer) !== i)
  if (twice) throw new UserError(`${path}: the issuer ${twice.issuer} stands there twice.`)
  return { publicUrl: file['public-url']?.replace(/\/+$/, '') ?? null, trustedDashboards: file['trusted-dashboards'] ?? [], providers }
}

/** https, or this very machine. */
export function isSafe(address: string): boolean {
  const { protocol, hostname } = new URL(address)
  return protocol === 'https:' || /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(hostname)
}
