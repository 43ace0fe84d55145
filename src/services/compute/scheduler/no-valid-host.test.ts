import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLog } from '../../../log.ts'
import { activeServer, ground, statusOf } from '../../../testing/compute/servers.ts'
import { testCloud } from '../../../testing/test-cloud.ts'

const compute = '/compute/v2.1'

test('where no host will do, the log and administrators are told each host and its filter, owners only that it is so', async () => {
  const lines: object[] = []
  const log = { ...silentLog, warn: (line: object, text: string) => void (text === 'no valid host' && lines.push(line)) }
  await using cloud = await testCloud({ log: log as typeof silentLog })
  const place = await ground(cloud)
  const { member, imageId, networkId } = place
  const first = await activeServer(cloud, place)
  const flavor = async (name: string, more: object) =>
    (await cloud.admin.post(`${compute}/flavors`, { flavor: { name, ram: 64, vcpus: 1, disk: 0, ...more } }, 200)).body.flavor.id as string
  const quota = { instances: -1, cores: -1, ram: -1 }
  await cloud.admin.put(`${compute}/os-quota-sets/${await member.projectId()}`, { quota_set: quota }, 200)
  const apart = { server_group: { name: 'apart', policies: ['anti-affinity'] } }
  const group = (await member.post(`${compute}/os-server-groups`, apart, 200)).body.server_group.id
  await member.post(
    `${compute}/servers`,
    { server: { name: 'g', flavorRef: '42', imageRef: imageId }, 'os:scheduler_hints': { group } },
    202,
  )
  await cloud.settled()
  const cases: [RegExp, string, object][] = [
    [/^fake-1: CoreFilter \(900000 VCPUs asked for, \d+ free\)$/, await flavor('cores', { vcpus: 900_000 }), {}],
    [/^fake-1: RamFilter \(900000000 MiB of memory asked for, \d+ free\)$/, await flavor('ram', { ram: 900_000_000 }), {}],
    [/^fake-1: DiskFilter \(9000000 GiB of disk asked for, \d+ free\)$/, await flavor('disk', { disk: 9_000_000 }), {}],
    [/^fake-1: DifferentHostFilter \(one of the servers named is there\)$/, '42', { different_host: first }],
    [/^fake-1: SameHostFilter \(none of the servers named is there\)$/, '42', { same_host: networkId }],
    [/^fake-1: ServerGroupAntiAffinityFilter \(one of the group is there\)$/, '42', { group }],
  ]
  const fails = async (flavorRef: string, hints: object, why: RegExp) => {
    const server = { name: 'b', flavorRef, imageRef: imageId, networks: [{ uuid: networkId }] }
    const { id } = (await member.post(`${compute}/servers`, { server, 'os:scheduler_hints': hints }, 202)).body.server
    await cloud.settled()
    assert.equal(await statusOf(member, id), 'ERROR')
    const { fault } = (await member.get(`${compute}/servers/${id}`)).body.server
    assert.deepEqual(
      [fault.message, fault.code, fault.details],
      ['No valid host was found. There are not enough hosts available.', 500, undefined],
    )
    assert.match((await cloud.admin.get(`${compute}/servers/${id}`)).body.server.fault.details, why)
    const { server: logged, refused } = lines.at(-1) as { server: string; refused: string[] }
    assert.equal(logged, id)
    assert.match(refused.join('\n'), why)
  }
  for (const [why, flavorRef, hints] of cases) await fails(flavorRef, hints, why)
  const body = { host: 'fake-1', binary: 'nova-compute', disabled_reason: 'new disks' }
  await cloud.admin.put(`${compute}/os-services/disable-log-reason`, body, 200)
  await fails('42', {}, /^fake-1: ComputeFilter \(it is disabled: new disks\)$/)
})
