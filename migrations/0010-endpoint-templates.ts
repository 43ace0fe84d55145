import type { Migration } from '../src/db/schema.ts'

/** Endpoints that only the tenants see who were given them (OS-KSCATALOG of identity v2.0). */
export const endpointTemplates: Migration = {
  name: '0010-endpoint-templates',
  change(schema) {
    schema.addColumn('identity_endpoints', 'on_request', 'bool=0')
    schema.table(
      'identity_tenant_endpoints',
      { project_id: 'text', endpoint_id: 'text' },
      { primary: ['project_id', 'endpoint_id'], index: [['endpoint_id']] },
    )
  },
}
