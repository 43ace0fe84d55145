import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testCloud } from '../../testing/test-cloud.ts'

const v2 = '/network/v2.0'

test('200 creates at one below the limit: exactly one wins', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const projectId = await member.projectId()
  const { network } = (await member.post(`${v2}/networks`, { network: {} }, 201)).body
  await member.post(`${v2}/ports`, { port: { network_id: network.id } }, 201)
  await cloud.admin.put(`${v2}/quotas/${projectId}`, { quota: { network: 2, port: 2, router: 1, security_group: 2 } }, 200)
  for (const [path, body] of [
    ['networks', { network: {} }],
    ['ports', { port: { network_id: network.id } }],
    ['routers', { router: {} }],
    ['security-groups', { security_group: { name: 'g' } }],
  ] as const) {
    const answers = await Promise.all(Array.from({ length: 200 }, () => member.post(`${v2}/${path}`, body)))
    assert.equal(answers.filter(({ status }) => status === 201).length, 1, path)
    const lost = answers.find(({ status }) => status !== 201)!
    assert.deepEqual([lost.status, lost.body.NeutronError.type], [409, 'OverQuota'])
  }
})

test('several at once count each, and a refused one makes none', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  await cloud.admin.put(`${v2}/quotas/${await member.projectId()}`, { quota: { network: 2 } }, 200)
  await member.post(`${v2}/networks`, { networks: [{}, {}, {}] }, 409)
  const count = async () => (await member.get(`${v2}/networks?router:external=false`)).body.networks.length
  assert.equal(await count(), 0)
  await member.post(`${v2}/networks`, { networks: [{ name: 'a' }, { name: 'b' }] }, 201)
  assert.equal(await count(), 2)
})

test('what is deleted is given back', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const { network } = (await member.post(`${v2}/networks`, { network: {} }, 201)).body
  await member.post(`${v2}/subnets`, { subnet: { network_id: network.id, cidr: '10.0.0.0/24', ip_version: 4 } }, 201)
  const { port } = (await member.post(`${v2}/ports`, { port: { network_id: network.id } }, 201)).body
  const used = async () => {
    const { quota } = (await member.get(`${v2}/quotas/${await member.projectId()}/details.json`)).body
    return [quota.network.used, quota.subnet.used, quota.port.used]
  }
  assert.deepEqual(await used(), [1, 1, 1])
  await member.delete(`${v2}/ports/${port.id}`)
  await member.delete(`${v2}/networks/${network.id}`)
  assert.deepEqual(await used(), [0, 0, 0])
})
