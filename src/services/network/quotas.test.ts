import assert from 'node:assert/strict'
import { test } from 'node:test'
import { faultOf, maker, v2 } from '../../testing/network/things.ts'
import { testCloud } from '../../testing/test-cloud.ts'

test('limits are set one by one, listed, and reset to the defaults', async () => {
  await using cloud = await testCloud()
  const { admin } = cloud
  const member = await cloud.as('member')
  const project = await member.projectId()
  const quota = async (path = '') => (await admin.get(`${v2}/quotas/${project}${path}`)).body.quota
  const defaults = await quota('/default')
  assert.deepEqual(await quota(), defaults)
  assert.deepEqual((await member.get(`${v2}/quotas/tenant`)).body, { tenant: { tenant_id: project } })
  assert.deepEqual((await admin.get(`${v2}/quotas`)).body, { quotas: [] })
  assert.equal(await faultOf(admin.request('DELETE', `${v2}/quotas/${project}`)), '404 TenantQuotaNotFound')
  for (const [name, limit] of Object.entries({
    network: 3,
    subnet: 0,
    port: -1,
    router: 1,
    floatingip: 2,
    security_group: 4,
    security_group_rule: 5,
  })) {
    const before = await quota()
    const answer = await admin.put(`${v2}/quotas/${project}`, { quota: { [name]: limit } }, 200)
    assert.deepEqual(answer.body.quota, { ...before, [name]: limit })
    assert.deepEqual(await quota(), { ...before, [name]: limit })
  }
  assert.deepEqual((await admin.get(`${v2}/quotas`)).body.quotas, [{ ...(await quota()), tenant_id: project, project_id: project }])
  assert.deepEqual(await quota('/default'), defaults)
  await maker(member)('networks')
  assert.deepEqual((await quota('/details.json')).network, { limit: 3, used: 1, reserved: 0 })
  const { id: network_id } = (await member.get(`${v2}/networks?project_id=${project}`)).body.networks[0]
  const subnet = { network_id, ip_version: 4, cidr: '10.0.0.0/24' }
  assert.equal(await faultOf(member.post(`${v2}/subnets`, { subnet })), '409 OverQuota')
  await admin.delete(`${v2}/quotas/${project}`)
  assert.deepEqual(await quota(), defaults)
  assert.deepEqual((await admin.get(`${v2}/quotas`)).body, { quotas: [] })
  assert.equal((await member.post(`${v2}/subnets`, { subnet })).status, 201)
  assert.deepEqual((await quota('/details.json')).network, { limit: defaults.network, used: 1, reserved: 0 })
})

test('what is no limit is refused and changes nothing', async () => {
  await using cloud = await testCloud()
  const { admin } = cloud
  const project = await (await cloud.as('member')).projectId()
  for (const quota of [{ port: -2 }, { port: 'x' }, { port: 1.5 }, { port: null }, { nothing: 1 }, { network: 1, port: -2 }, 'x'])
    assert.equal(await faultOf(admin.put(`${v2}/quotas/${project}`, { quota })), '400 HTTPBadRequest', JSON.stringify(quota))
  assert.deepEqual((await admin.get(`${v2}/quotas`)).body, { quotas: [] })
})
