// OS-FEDERATION: users whom somebody else vouches for.
import { federatedAuth } from './auth.ts'
import { browserLogin } from './browser.ts'
import { mappings } from './mapping/mappings.ts'
import { protocols } from './protocols.ts'
import { providers } from './providers.ts'
import { federatedScopes } from './scopes.ts'
import { serviceProviders } from './service-providers.ts'

export const federation = [
  ...providers,
  ...protocols,
  ...mappings,
  ...serviceProviders,
  ...federatedAuth,
  ...browserLogin,
  ...federatedScopes,
]
