// What is deleted by several requests at once is given back to the quota once: else whoever deletes much in parallel has no limit.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { ground } from '../../testing/compute/servers.ts'
import type { Persona } from '../../testing/persona.ts'
import { testCloud } from '../../testing/test-cloud.ts'

const v2 = '/network/v2.0'

test('security-26: a thing that two requests delete at once is given back once', async () => {
  await using cloud = await testCloud()
  const { member, networkId } = await ground(cloud)
  const projectId = await member.projectId()
  const db = cloud.cloud.database.read
  const owners = [projectId, member.login.userId!]
  const usage = async () =>
    Object.fromEntries(
      (await db.selectFrom('quota_usages').selectAll().where('project_id', 'in', owners).execute()).map((row) => [
        row.resource,
        row.in_use,
      ]),
    )
  /** Both requests have looked at the thing before the first can end: it waits for the quota's row. */
  async function twiceAtOnce(path: string) {
    let pending: Promise<{ status: number }[]> | undefined
    await cloud.cloud.database.write(async (tx) => {
      await tx.db
        .updateTable('quota_usages')
        .set((eb) => ({ in_use: eb.ref('in_use') }))
        .where('project_id', 'in', owners)
        .execute()
      pending ??= Promise.all([member.request('DELETE', path), member.request('DELETE', path)])
      await sleep(300)
    })
    return (await pending!).map(({ status }) => status).sort()
  }
  const one = async (path: string, body: object, asker: Persona = member) => {
    const made = (await asker.post(path, body)).body
    return Object.values(made as Record<string, { id: string }>)[0]!.id
  }
  const external = await one(`${v2}/networks`, { network: { 'router:external': true } }, cloud.admin)
  await one(`${v2}/subnets`, { subnet: { network_id: external, ip_version: 4, cidr: '203.0.113.0/24' } }, cloud.admin)
  const groupId = await one(`${v2}/security-groups`, { security_group: { name: 'kept' } })
  const cases: [what: string, make: () => Promise<string>][] = [
    ['networks', async () => `${v2}/networks/${await one(`${v2}/networks`, { network: {} })}`],
    [
      'subnets',
      async () =>
        `${v2}/subnets/${await one(`${v2}/subnets`, { subnet: { network_id: networkId, ip_version: 4, cidr: '192.0.2.0/24', enable_dhcp: false } })}`,
    ],
    ['ports', async () => `${v2}/ports/${await one(`${v2}/ports`, { port: { network_id: networkId } })}`],
    ['routers', async () => `${v2}/routers/${await one(`${v2}/routers`, { router: {} })}`],
    ['floating IPs', async () => `${v2}/floatingips/${await one(`${v2}/floatingips`, { floatingip: { floating_network_id: external } })}`],
    ['security groups', async () => `${v2}/security-groups/${await one(`${v2}/security-groups`, { security_group: { name: 'g' } })}`],
    [
      'rules',
      async () =>
        `${v2}/security-group-rules/${await one(`${v2}/security-group-rules`, { security_group_rule: { security_group_id: groupId, direction: 'ingress' } })}`,
    ],
    [
      'server groups',
      async () =>
        `/compute/v2.1/os-server-groups/${await one('/compute/v2.1/os-server-groups', { server_group: { name: 'g', policies: ['affinity'] } })}`,
    ],
    [
      'key pairs',
      async () => {
        await member.post('/compute/v2.1/os-keypairs', { keypair: { name: 'k' } }, 200)
        return '/compute/v2.1/os-keypairs/k'
      },
    ],
  ]
  for (const [what, make] of cases) {
    const before = await usage()
    const path = await make()
    const made = await usage()
    const statuses = await twiceAtOnce(path)
    assert.deepEqual({ ...made, ...(await usage()) }, { ...made, ...before, ...zeros(made, before) }, what)
    assert.equal(statuses[1], 404, what)
  }
})

/** What was counted for the first time is back at nothing. */
const zeros = (made: Record<string, number>, before: Record<string, number>) =>
  Object.fromEntries(
    Object.keys(made)
      .filter((name) => !(name in before))
      .map((name) => [name, 0]),
  )
