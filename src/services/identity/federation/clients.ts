// Which OpenID Connect client stands behind an identity provider: the one whose issuer is among its `remote_ids`.
import type { Cloud } from '../../../cloud.ts'
import { type OidcClient, oidcClient } from './oidc/client.ts'
import { type FederationSettings, readFederationSettings } from './settings.ts'
import { remoteIds } from './store.ts'

export interface Federated {
  settings: FederationSettings
  /** By issuer. */
  clients: Map<string, OidcClient>
}

const known = new WeakMap<Cloud, Federated>()

/** Reads the operator's file. Throws UserError; called when the cloud is made, so that a mistake is told at the start. */
export function beginFederation(cloud: Cloud): void {
  const settings = readFederationSettings(cloud.config)
  known.set(cloud, { settings, clients: new Map(settings.providers.map((entry) => [entry.issuer, oidcClient(cloud, entry)])) })
}

export const federated = (cloud: Cloud): Federated => known.get(cloud)!

/** The clients of an identity provider. */
export async function clientsOf(cloud: Cloud, providerId: string): Promise<OidcClient[]> {
  const names = (await remoteIds(cloud.database.read, [providerId])).get(providerId) ?? []
  return names.flatMap((name) => federated(cloud).clients.get(name) ?? [])
}
