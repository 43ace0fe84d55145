// Where Nova has what the reference prints at another path, or does not print: told with 501 there too, as clients ask there.
import type { UnbuiltOperation } from '../../api/service.ts'

const at = (title: string, path: string, ...methods: string[]): UnbuiltOperation[] => methods.map((method) => ({ method, path, title }))

export const unbuilt: UnbuiltOperation[] = [
  ...at('Deleting agent builds', '/os-agents/{id}', 'DELETE'),
  ...at('Deleting aggregates', '/os-aggregates/{id}', 'DELETE'),
  ...at('Bare metal nodes', '/os-baremetal-nodes', 'GET', 'POST'),
  ...at('Bare metal nodes', '/os-baremetal-nodes/{id}', 'GET', 'DELETE'),
  ...at('Bare metal nodes', '/os-baremetal-nodes/{id}/action', 'POST'),
  ...at('Cells', '/os-cells', 'POST'),
  ...at('Cells', '/os-cells/sync_instances', 'POST'),
  ...at('Cells', '/os-cells/{id}', 'PUT', 'DELETE'),
  ...at('Cloudpipes', '/os-cloudpipe/{id}', 'PUT'),
  ...at('Console tokens', '/os-console-auth-tokens/{id}', 'GET'),
  ...at('Floating IPs in bulk', '/os-floating-ips-bulk/{id}', 'PUT'),
  ...at('Deleting services', '/os-services/{id}', 'DELETE'),
  ...at('Servers that boot from volumes', '/os-volumes_boot', 'GET', 'POST'),
  ...at('Servers that boot from volumes', '/os-volumes_boot/detail', 'GET'),
  ...at('Servers that boot from volumes', '/os-volumes_boot/{id}', 'GET', 'PUT', 'DELETE'),
  ...at('Servers that boot from volumes', '/os-volumes_boot/{id}/action', 'POST'),
  ...at('The older kind of consoles', '/servers/{server_id}/consoles', 'POST'),
  ...at('The older kind of consoles', '/servers/{server_id}/consoles/{id}', 'GET', 'DELETE'),
]
