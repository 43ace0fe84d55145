// Rules of federation, as upstream has them: administrators change, they and readers of the whole system read.
import { adminOrSystemReader, adminRequired, cloudRule } from '../rules.ts'

const rulesFor = (name: string, plural: string, what: string) => ({
  create: cloudRule(`identity:create_${name}`, adminRequired, `Create ${what}.`),
  list: cloudRule(`identity:list_${plural}`, adminOrSystemReader, `List ${what.replace(/^an? /, '')}s.`),
  get: cloudRule(`identity:get_${name}`, adminOrSystemReader, `Show ${what}.`),
  update: cloudRule(`identity:update_${name}`, adminRequired, `Update ${what}.`),
  delete: cloudRule(`identity:delete_${name}`, adminRequired, `Delete ${what}.`),
})
export const providerRules = rulesFor('identity_provider', 'identity_providers', 'an identity provider')
export const protocolRules = rulesFor('protocol', 'protocols', 'a protocol of an identity provider')
export const mappingRules = rulesFor('mapping', 'mappings', 'a mapping')
export const serviceProviderRules = rulesFor('service_provider', 'service_providers', 'a service provider')
