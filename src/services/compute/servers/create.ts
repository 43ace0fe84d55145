import { badRequest } from '../../../api/faults.ts'
import { operation, reply } from '../../../api/operation.ts'
import { rule } from '../../../auth/policy.ts'
import type { Cloud } from '../../../cloud.ts'
import { memberOrAdmin } from '../rules.ts'
import { joinGroup } from '../server-groups/join.ts'
import { accessIp } from './access-ip.ts'
import { hostnameOf, readRequest, type ServerRequest } from './create-request.ts'
import { createServer as createServerTask } from './create-task.ts'
import { noteAction } from './resource.ts'
import { CreateServer } from './schema.ts'
import { CreatedServer } from './shown.ts'
import { insertServer } from './store.ts'
import { serverView } from './view.ts'

const letters = 'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789'
function randomWord({ environment }: Cloud, length: number): string {
  let word = ''
  while (word.length < length) {
    for (const byte of environment.random.bytes(length)) {
      // Bytes that would make the first letters likelier are not used.
      if (byte < letters.length * 4 && word.length < length) word += letters[byte % letters.length]
    }
  }
  return word
}

/** How many one request may make, also where no quota bounds it. */
const mostAtOnce = 1000

/** How many of those asked for the project's quota allows; at least the least number, which is then refused. */
async function countWithinQuota(cloud: Cloud, projectId: string, { minCount, maxCount, flavor }: ServerRequest): Promise<number> {
  if (maxCount === minCount) return maxCount
  const quota = await cloud.quota.show(cloud.database.read, projectId, 'compute.')
  const room = (name: string, each: number) => {
    const { limit, in_use } = quota[name]!
    return limit < 0 || each === 0 ? maxCount : Math.floor((limit - in_use) / each)
  }
  return Math.max(minCount, Math.min(maxCount, mostAtOnce, room('instances', 1), room('cores', flavor.vcpus), room('ram', flavor.ram)))
}

/** Reference 3.2.2 and 3.3: one server or several; answered at once, made by the task. */
export const createServer = operation({
  id: 'servers.create',
  method: 'POST',
  path: '/servers',
  summary: 'Create servers',
  catalog: [
    'compute-v2.1.servers.create-server',
    'compute-v2.1.servers-multiple-create.create-multiple-servers',
    'compute-v2.1.servers-multiple-create.create-multiple-servers-with-reservation-id',
  ],
  status: 202,
  quota: { 'compute.instances': 'handler', 'compute.cores': 'handler', 'compute.ram': 'handler' },
  policy: rule('os_compute_api:servers:create', memberOrAdmin, 'Create a server.'),
  body: CreateServer,
  answer: CreatedServer,
  transaction: 'none',
  async handle(context) {
    const { body, cloud, who, now, requestId, at, write } = context
    const given = body.server
    const project = who.project!
    const request = await readRequest(context)
    const { flavor } = request
    const count = await countWithinQuota(cloud, project.id, request)
    const reservation = `r-${randomWord(cloud, 8).toLowerCase()}`
    const adminPass = given.adminPass ?? randomWord(cloud, 12)
    const name = given.name.trim()
    const ids: string[] = []
    await write(async (tx) => {
      await cloud.quota.take(tx, project.id, {
        'compute.instances': count,
        'compute.cores': count * flavor.vcpus,
        'compute.ram': count * flavor.ram,
      })
      // Only what the quota has let through is worked on.
      if (count > mostAtOnce) throw badRequest(`At most ${mostAtOnce} servers can be made by one request.`)
      for (let index = 0; index < count; index++) {
        const id = cloud.environment.uuid()
        ids.push(id)
        const own = count > 1 ? `${name}-${index + 1}` : name
        await insertServer(tx.db, {
          id,
          name: own,
          description: at('2.19') ? (given.description ?? null) : own,
          project_id: project.id,
          user_id: who.user.id,
          image_id: request.imageId,
          flavor_id: flavor.id,
          flavor: {
            id: flavor.id,
            name: flavor.name,
            vcpus: flavor.vcpus,
            ram: flavor.ram,
            disk: flavor.disk,
            ephemeral: flavor.ephemeral,
            swap: flavor.swap,
            extra_specs: flavor.extra_specs,
          },
          boot_images: request.images,
          vm_state: 'building',
          task_state: 'scheduling',
          host: null,
          availability_zone: request.zone,
          key_name: request.keyName,
          public_key: request.publicKey,
          user_data: request.userData,
          metadata: given.metadata ?? {},
          personality: given.personality ?? [],
          config_drive: given.config_drive === true,
          access_ip_v4: accessIp(given.accessIPv4),
          access_ip_v6: accessIp(given.accessIPv6),
          disk_config: given['OS-DCF:diskConfig'] ?? 'AUTO',
          hostname: hostnameOf(own, id),
          nics: { list: request.nics === 'auto' ? null : request.nics },
          security_groups: request.securityGroups,
          hints: request.hints,
          admin_pass: adminPass,
          locked_by: null,
          reservation_id: reservation,
          launch_index: index,
          power_state: 0,
          fault: null,
          created_at: now,
          updated_at: now,
          launched_at: null,
          terminated_at: null,
          deleted_at: null,
        })
        if (request.groupId !== null) await joinGroup(cloud, tx, request.groupId, id)
        await noteAction({ ...context, tx }, { id, project_id: project.id }, 'create')
        await cloud.tasks.start(tx, createServerTask, { serverId: id }, requestId)
      }
    })
    if (given.return_reservation_id) return reply({ body: { reservation_id: reservation } })
    const { links } = serverView(context)
    const [id] = ids
    return reply({
      headers: { location: context.href(`/servers/${id}`) },
      body: {
        server: {
          id,
          links: links(id!),
          'OS-DCF:diskConfig': given['OS-DCF:diskConfig'] ?? 'AUTO',
          security_groups: request.securityGroups.map((group) => ({ name: group })),
          adminPass,
        },
      },
    })
  },
})
