// Properties of images have an end, and a list of a thousand images with long ones neither lies in memory as a whole nor keeps others waiting.
import assert from 'node:assert/strict'
import http from 'node:http'
import { test } from 'node:test'
import { testCloud } from '../../testing/test-cloud.ts'
import { longestTurn, onThisMachine } from '../../testing/turns.ts'
import { maxPropertyText } from './quotas.ts'

const value = 'x'.repeat(60_000)
const images = 300

test('security-25: properties of an image are not longer together than they may be', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const path = '/image/v2/images'
  const properties = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`p${index}`, value]))
  const most = Math.floor(maxPropertyText / (value.length + 2))
  await member.post(path, properties(most + 1), 413)
  const { id } = (await member.post(path, properties(most), 201)).body
  const patch = (op: string, name: string) =>
    member.request('PATCH', `${path}/${id}`, {
      raw: JSON.stringify([{ op, path: `/${name}`, ...(op === 'add' && { value }) }]),
      headers: { 'content-type': 'application/openstack-images-v2.1-json-patch' },
    })
  assert.equal((await patch('add', 'more')).status, 413)
  assert.equal((await patch('remove', 'p0')).status, 200)
  assert.equal((await patch('add', 'more')).status, 200)
  const headers = Object.fromEntries(Object.keys(properties(most + 1)).map((name) => [`x-image-meta-property-${name}`, 'x'.repeat(500)]))
  await member.request('POST', '/image/v1/images', { headers: { ...headers, 'x-image-meta-name': 'short' }, expected: 201 })
})

test('security-25: lists of images with long properties are sent in pieces', async () => {
  // To check an answer it is made whole first.
  await using cloud = await testCloud({ settings: { checkAnswers: false } })
  const member = await cloud.as('member')
  const first = (await member.post('/image/v2/images', { name: 'i', p0: value, p1: value, p2: value }, 201)).body
  await cloud.cloud.database.write(async ({ db }) => {
    const row = await db.selectFrom('images').selectAll().where('id', '=', first.id).executeTakeFirstOrThrow()
    const properties = await db.selectFrom('image_properties').selectAll().where('image_id', '=', first.id).execute()
    for (let index = 1; index < images; index++) {
      const id = first.id.slice(0, -4) + String(index).padStart(4, '0')
      await db
        .insertInto('images')
        .values({ ...row, id })
        .execute()
      await db
        .insertInto('image_properties')
        .values(properties.map((property) => ({ ...property, image_id: id })))
        .execute()
    }
  })
  const token = await member.token()
  for (const path of ['/image/v2/images?limit=1000', '/image/v1/images/detail?limit=1000', '/image/v2/images?limit=1000']) {
    const pieces: Buffer[] = []
    let coding: string | undefined
    const ms = await longestTurn(
      () =>
        new Promise<void>((resolve, reject) => {
          const request = http.get(cloud.url + path, { headers: { 'x-auth-token': token } }, (response) => {
            coding = response.headers['transfer-encoding']
            response.on('data', (piece) => pieces.push(piece))
            response.on('end', resolve)
          })
          request.on('error', reject)
        }),
    )
    assert.ok(ms < onThisMachine(70), `${path}: ${ms} ms`)
    assert.equal(coding, 'chunked', path)
    const list = JSON.parse(Buffer.concat(pieces).toString()).images as { id: string; p1?: string; properties?: { p1: string } }[]
    assert.equal(new Set(list.map(({ id }) => id)).size, images)
    assert.ok(list.every(({ p1, properties }) => (properties?.p1 ?? p1) === value))
  }
})
