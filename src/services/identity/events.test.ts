import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testCloud } from '../../testing/test-cloud.ts'

test('what happens to users, projects, roles and grants is told with who did it', async () => {
  await using cloud = await testCloud()
  const { admin } = cloud
  await cloud.as('member') // makes its own by the store
  const before = (await cloud.cloud.events.list({ last: 1 })).place
  const v3 = '/identity/v3'
  const project = (await admin.post(`${v3}/projects`, { project: { name: 'told' } }, 201)).body.project.id
  const user = (await admin.post(`${v3}/users`, { user: { name: 'told', password: 'secret-1' } }, 201)).body.user.id
  const role = (await admin.post(`${v3}/roles`, { role: { name: 'told' } }, 201)).body.role.id
  const grant = `${v3}/projects/${project}/users/${user}/roles/${role}`
  await admin.put(grant, undefined, 204)
  await admin.put(grant, undefined, 204) // the same again changes nothing
  await admin.delete(grant, 204)
  await admin.patch(`${v3}/projects/${project}`, { project: { description: 'd' } })
  await admin.patch(`${v3}/users/${user}`, { user: { description: 'd' } })
  await admin.patch(`${v3}/roles/${role}`, { role: { description: 'd' } })
  await admin.patch(`${v3}/projects/${project}`, { project: { name: '' } }, 400)
  await admin.delete(`${v3}/roles/${role}`, 204)
  await admin.delete(`${v3}/users/${user}`, 204)
  await admin.delete(`${v3}/projects/${project}`, 204)
  const { events } = await cloud.cloud.events.list({ after: before })
  assert.deepEqual(
    events.map(({ type, resource }) => [type, resource.id]),
    [
      ['identity.project.created', project],
      ['identity.user.created', user],
      ['identity.role.created', role],
      ['identity.role_assignment.created', role],
      ['identity.role_assignment.deleted', role],
      ['identity.project.updated', project],
      ['identity.user.updated', user],
      ['identity.role.updated', role],
      ['identity.role.deleted', role],
      ['identity.user.deleted', user],
      ['identity.project.deleted', project],
    ],
  )
  const asker = (
    await cloud.cloud.database.read.selectFrom('identity_users').select('id').where('name', '=', 'admin').executeTakeFirstOrThrow()
  ).id
  for (const event of events) {
    assert.equal(event.user_id, asker, event.type)
    assert.match(event.request_id!, /^req-/, event.type)
  }
  assert.deepEqual(events[3]!.payload, {
    role,
    actor_type: 'user',
    actor: user,
    target_type: 'project',
    target: project,
    inherited_to_projects: false,
  })
})
