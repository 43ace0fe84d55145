// Which OpenID Connect client stands behind an identity provider: the one whose issuer is among its `remote_ids`.
import type { Cloud } from '../../../cloud.ts'
import { serviceState } from '../../../service-state.ts'
import { type OidcClient, oidcClient } from './oidc/client.ts'
import { type FederationSettings, readFederationSettings } from './settings.ts'
import { remoteIds } from './store.ts'

export interface Federated {
  settings: FederationSettings
  /** By issuer. */
  clients: Map<string, OidcClient>
}

/** What the operator's file says. Throws UserError; asked for when the cloud is made, so that a mistake is told at the start. */
export const federated = serviceState((cloud): Federated => {
  const settings = readFederationSettings(cloud.config)
  return { settings, clients: new Map(settings.providers.map((entry) => [entry.issuer, oidcClient(cloud, entry)])) }
})

/** The clients of an identity provider. */
export async function clientsOf(cloud: Cloud, providerId: string): Promise<OidcClient[]> {
  const names = (await remoteIds(cloud.database.read, [providerId])).get(providerId) ?? []
  return names.flatMap((name) => federated(cloud).clients.get(name) ?? [])
}
