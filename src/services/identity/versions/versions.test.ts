import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testCloud } from '../../../testing/test-cloud.ts'

test('versions are listed at the root without a token, with addresses by which the client came', async () => {
  await using cloud = await testCloud()
  for (const path of ['/identity', '/identity/']) {
    const response = await fetch(cloud.url + path, { redirect: 'manual' })
    assert.equal(response.status, 300)
    const { versions } = (await response.json()) as {
      versions: { values: { id: string; status: string; links: { rel: string; href: string }[] }[] }
    }
    assert.deepEqual(
      versions.values.map(({ id, status }) => [id, status]),
      [
        ['v3.14', 'stable'],
        ['v2.0', 'DEPRECATED'],
      ],
    )
    assert.deepEqual(versions.values[0]!.links, [{ rel: 'self', href: `${cloud.url}/identity/v3/` }])
  }
})

test('each version has its own document, with and without a slash at the end', async () => {
  await using cloud = await testCloud()
  for (const [major, id] of [
    ['v3', 'v3.14'],
    ['v2.0', 'v2.0'],
  ]) {
    for (const slash of ['', '/']) {
      const response = await fetch(`${cloud.url}/identity/${major}${slash}`)
      assert.equal(response.status, 200)
      const { version } = (await response.json()) as {
        version: { id: string; 'media-types': { type: string }[]; links: { href: string }[] }
      }
      assert.equal(version.id, id)
      assert.equal(version.links[0]!.href, `${cloud.url}/identity/${major}/`)
      assert.equal(version['media-types'][0]!.type, `application/vnd.openstack.identity-${major}+json`)
    }
  }
  assert.equal(
    (await fetch(`${cloud.url}/identity/v3`, { method: 'POST', headers: { 'x-auth-token': await cloud.admin.token() } })).status,
    405,
  )
})
