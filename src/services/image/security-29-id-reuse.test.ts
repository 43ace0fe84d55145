import { test } from 'node:test'
import { testCloud } from '../../testing/test-cloud.ts'

const images = '/image/v2/images'
const octets = { 'content-type': 'application/octet-stream' }

test('the id of an image that was deleted is never given to another, by whatever way it was made or deleted', async () => {
  await using cloud = await testCloud({ settings: { imageDelayedDelete: true, imageScrubTime: 0 } })
  const member = await cloud.as('member')
  const other = await cloud.as('member', 'other')
  const make = (persona: typeof member, id: string | undefined, expected: number) =>
    persona.post(images, { id, disk_format: 'raw', container_format: 'bare' }, expected)
  const v1 = (persona: typeof member, id: string, expected: number) =>
    persona.request('POST', '/image/v1/images', {
      headers: {
        'x-image-meta-id': id,
        'x-image-meta-name': 'x',
        'x-image-meta-disk_format': 'raw',
        'x-image-meta-container_format': 'bare',
      },
      expected,
    })
  const upload = (id: string) => member.request('PUT', `${images}/${id}/file`, { raw: Buffer.from('data'), headers: octets, expected: 204 })
  const queued = (await make(member, undefined, 201)).body.id
  const active = (await make(member, undefined, 201)).body.id
  await upload(active)
  const byV1 = (await make(member, undefined, 201)).body.id
  for (const id of [queued, active]) await member.delete(`${images}/${id}`, 204)
  await member.request('DELETE', `/image/v1/images/${byV1}`, { expected: 200 })
  const refused = async () => {
    for (const id of [queued, active, byV1]) {
      for (const persona of [member, other, cloud.admin]) {
        await make(persona, id, 409)
        await v1(persona, id, 409)
      }
      await make(other, id.toUpperCase(), 409)
    }
  }
  await refused()
  // Its data goes, and the process dies.
  await cloud.cloud.image.scrubber.run()
  await cloud.restart()
  await refused()
})
