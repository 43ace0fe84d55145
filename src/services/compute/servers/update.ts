import { Type } from 'typebox'
import { operation } from '../../../api/operation.ts'
import { rule } from '../../../auth/policy.ts'
import { refreshMetadata } from '../metadata/guest-spec.ts'
import { memberOrAdmin } from '../rules.ts'
import { accessIp } from './access-ip.ts'
import { servers } from './resource.ts'
import { UpdateServer } from './schema.ts'
import { UpdatedServer } from './shown.ts'
import { updateServer as save } from './store.ts'
import { serverView } from './view.ts'

/** Reference 3.2.5. */
export const updateServer = operation({
  id: 'servers.update',
  method: 'PUT',
  path: '/servers/{server_id}',
  summary: 'Update a server',
  catalog: ['compute-v2.1.servers.update-server'],
  policy: rule('os_compute_api:servers:update', memberOrAdmin, 'Update a server.'),
  on: servers,
  body: UpdateServer,
  answer: Type.Object({ server: UpdatedServer }),
  async handle(context) {
    const { server, tx, now, cloud } = context
    const { name, accessIPv4, accessIPv6, description, 'OS-DCF:diskConfig': diskConfig } = context.body.server
    const changed = {
      ...server,
      ...(name === undefined ? {} : { name: name.trim() }),
      ...(accessIPv4 === undefined ? {} : { access_ip_v4: accessIp(accessIPv4) }),
      ...(accessIPv6 === undefined ? {} : { access_ip_v6: accessIp(accessIPv6) }),
      ...(description === undefined ? {} : { description }),
      ...(diskConfig === undefined ? {} : { disk_config: diskConfig }),
      updated_at: now,
    }
    const { access_ip_v4, access_ip_v6, disk_config, updated_at } = changed
    await save(tx.db, server.id, {
      name: changed.name,
      access_ip_v4,
      access_ip_v6,
      disk_config,
      updated_at,
      description: changed.description,
    })
    if (changed.name !== server.name) await refreshMetadata(cloud, tx, changed)
    const ports = (await cloud.network.portsOf(tx.db, [server.id])).get(server.id) ?? []
    return { server: serverView(context).updated(changed, ports) }
  },
})
