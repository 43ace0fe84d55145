import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Persona } from '../../testing/persona.ts'
import { testCloud } from '../../testing/test-cloud.ts'

const idsOf = async (persona: Persona, query = '') =>
  (await persona.get(`/image/v2/images${query}`)).body.images.map((image: { id: string }) => image.id)

test('a project is invited, sees the image, accepts it, and loses it again', async () => {
  await using cloud = await testCloud()
  const owner = await cloud.as('member')
  const guest = await cloud.as('member', 'project-2')
  const stranger = await cloud.as('member', 'project-3')
  const { id } = (await owner.post('/image/v2/images', { name: 'shared' }, 201)).body
  const members = `/image/v2/images/${id}/members`
  const guestId = await guest.projectId()
  await guest.get(`/image/v2/images/${id}`, 404)
  const added = (await owner.post(members, { member: guestId }, 200)).body
  assert.deepEqual(
    { ...added, created_at: 0, updated_at: 0 },
    { image_id: id, member_id: guestId, status: 'pending', schema: '/v2/schemas/member', created_at: 0, updated_at: 0 },
  )
  await owner.post(members, { member: guestId }, 409)
  await owner.post(members, { member: await stranger.projectId() }, 200)
  assert.deepEqual(await idsOf(guest), [])
  assert.deepEqual(await idsOf(guest, '?visibility=shared&member_status=pending'), [id])
  assert.deepEqual(await idsOf(guest, '?member_status=all'), [id])
  await guest.get(`/image/v2/images/${id}`)
  assert.equal((await owner.get(members)).body.members.length, 2)
  assert.deepEqual(
    (await guest.get(members)).body.members.map((m: { member_id: string }) => m.member_id),
    [guestId],
  )
  await guest.get(`${members}/${await stranger.projectId()}`, 404)
  await owner.put(`${members}/${guestId}`, { status: 'accepted' }, 403)
  await guest.put(`${members}/${guestId}`, { status: 'perhaps' }, 400)
  assert.equal((await guest.put(`${members}/${guestId}`, { status: 'accepted' }, 200)).body.status, 'accepted')
  // As openstack sends it.
  await guest.put(`${members}/${guestId}`, { member: guestId, status: 'accepted' }, 200)
  assert.deepEqual(await idsOf(guest), [id])
  assert.deepEqual(await idsOf(guest, '?member_status=rejected'), [])
  await guest.post(members, { member: 'friend' }, 403)
  await guest.delete(`${members}/${guestId}`, 403)
  await guest.delete(`/image/v2/images/${id}`, 403)
  await owner.delete(`${members}/${guestId}`)
  await owner.delete(`${members}/${guestId}`, 404)
  await guest.get(`/image/v2/images/${id}`, 404)
})

test('only shared images have members, and only so many', async () => {
  await using cloud = await testCloud()
  const owner = await cloud.as('member')
  const { id } = (await owner.post('/image/v2/images', { visibility: 'private' }, 201)).body
  await owner.post(`/image/v2/images/${id}/members`, { member: 'x' }, 403)
  await owner.get(`/image/v2/images/${id}/members`, 403)
  const shared = (await owner.post('/image/v2/images', {}, 201)).body.id
  for (const body of [
    {},
    { member: '' },
    { member: 7 },
    { member: 'x'.repeat(256) },
    { member: 'a\nb' },
    { member: 'x', status: 'accepted' },
  ]) {
    await owner.post(`/image/v2/images/${shared}/members`, body, 400)
  }
  const answers = await Promise.all(
    Array.from({ length: 140 }, (_, i) => owner.post(`/image/v2/images/${shared}/members`, { member: `project-${i}` })),
  )
  assert.equal(answers.filter(({ status }) => status === 200).length, 128)
  assert.equal(answers.filter(({ status }) => status === 413).length, 12)
})
