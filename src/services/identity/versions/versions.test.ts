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

test('the home document names all resources of v3, at the version and at the root', async () => {
  await using cloud = await testCloud()
  const home = async (path: string, accept = 'application/json-home') => {
    const response = await fetch(`${cloud.url}/identity${path}`, { headers: { accept } })
    assert.deepEqual([response.status, response.headers.get('content-type')], [200, 'application/json-home'])
    return ((await response.json()) as { resources: Record<string, { href?: string; 'href-template'?: string; 'href-vars'?: object }> })
      .resources
  }
  const base = 'https://docs.openstack.org/api/openstack-identity/3'
  const resources = await home('/v3', 'application/json-home, application/json;q=0.5')
  assert.deepEqual(resources[`${base}/rel/auth_tokens`], { href: '/auth/tokens' })
  assert.deepEqual(resources[`${base}/rel/group_user`], {
    'href-template': '/groups/{group_id}/users/{user_id}',
    'href-vars': { group_id: `${base}/param/group_id`, user_id: `${base}/param/user_id` },
  })
  assert.deepEqual(resources[`${base}/ext/OS-TRUST/1.0/rel/trust_role`], {
    'href-template': '/OS-TRUST/trusts/{trust_id}/roles/{role_id}',
    'href-vars': { trust_id: `${base}/ext/OS-TRUST/1.0/param/trust_id`, role_id: `${base}/param/role_id` },
  })
  for (const name of ['users', 'user', 'user_groups', 'policy', 'project_user_role', 'application_credential', 'implied_role', 'regions'])
    assert.ok(resources[`${base}/rel/${name}`], name)
  assert.equal(resources[`${base}/ext/OS-INHERIT/1.0/rel/domain_user_role_inherited_to_projects`]?.href, undefined)
  const atRoot = await home('/')
  assert.deepEqual(Object.keys(atRoot), Object.keys(resources))
  assert.equal(atRoot[`${base}/rel/users`]!.href, '/v3/users')
  // Each path of v3 but the versions' and the reference's second one of trusts is in it once.
  const { operations } = cloud.cloud.services.find(({ name }) => name === 'identity')!
  const paths = new Set(operations.filter(({ majors }) => majors?.includes('v3')).map(({ path }) => path))
  const shown = Object.values(resources).map((each) => each.href ?? each['href-template'])
  assert.deepEqual([...paths].filter((path) => !shown.includes(path)).sort(), ['/', '/OS-TRUST/trust'])
  assert.equal(shown.length, new Set(shown).size)
  const json = await fetch(`${cloud.url}/identity/v3`, { headers: { accept: 'application/json, application/json-home' } })
  assert.equal(json.headers.get('content-type'), 'application/json')
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
