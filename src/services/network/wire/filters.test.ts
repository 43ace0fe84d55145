import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testCloud } from '../../../testing/test-cloud.ts'

const v2 = '/network/v2.0'
const lists = ['networks', 'subnets', 'ports', 'routers', 'floatingips', 'security-groups', 'security-group-rules', 'agents']

test('a filter that a list does not know is refused, and one that is not built is told so: neither lists everything', async () => {
  await using cloud = await testCloud()
  for (const list of [...lists, 'network-ip-availabilities']) {
    for (const name of ['nothing', 'nam', 'NAME', 'tag', 'admin_state', '__proto__', 'constructor'])
      await cloud.admin.get(`${v2}/${list}?${name}=x`, 400)
    for (const name of ['tags', 'tags-any', 'not-tags', 'not-tags-any', 'qos_policy_id'])
      await cloud.admin.get(`${v2}/${list}?${name}=x`, 501)
    await cloud.admin.get(`${v2}/${list}?limit=5&sort_key=id&sort_dir=asc&fields=id&page_reverse=False`, 200)
  }
  const reader = await cloud.as('reader')
  assert.equal((await reader.get(`${v2}/networks?nothing=x`, 400)).body.NeutronError.type, 'HTTPBadRequest')
  // By which clients know it.
  await reader.get(`${v2}/extensions/filter-validation`, 200)
  assert.deepEqual((await reader.get(`${v2}/ports?binding:host_id=fake-1`, 200)).body.ports, [])
})

test('tags and single routes answer 501 until they are built', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  for (const list of lists.slice(0, 7)) {
    await member.get(`${v2}/${list}/x/tags`, 501)
    await member.put(`${v2}/${list}/x/tags`, { tags: ['a'] }, 501)
    await member.put(`${v2}/${list}/x/tags/a`, undefined, 501)
    await member.delete(`${v2}/${list}/x/tags/a`, 501)
    await member.delete(`${v2}/${list}/x/tags`, 501)
  }
  await member.put(`${v2}/routers/x/add_extraroutes`, { router: { routes: [] } }, 501)
  await member.put(`${v2}/routers/x/remove_extraroutes`, { router: { routes: [] } }, 501)
})
