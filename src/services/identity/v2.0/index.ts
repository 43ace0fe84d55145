// The operations of v2.0.
import { tenantEndpoints } from '../endpoint-templates/of-tenants.ts'
import { endpointTemplates } from '../endpoint-templates/templates.ts'
import { v2Extensions } from './extensions.ts'
import { v2Roles } from './roles.ts'
import { v2Services } from './services.ts'
import { v2Tenants } from './tenants.ts'
import { v2Tokens } from './tokens.ts'
import { v2UserCredentials } from './user-credentials.ts'
import { v2Users } from './users.ts'
import { v2Validate } from './validate.ts'

const operations = [
  ...v2Tokens,
  ...v2Tenants,
  ...v2Users,
  ...v2Roles,
  ...v2Services,
  ...endpointTemplates,
  ...tenantEndpoints,
  ...v2UserCredentials,
  ...v2Validate,
]

export const v2Operations = [...operations, ...v2Extensions(operations)]
