// Filters, pages and options of everything that identity stores, each compared with what plain code says of the same rows.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeDomain, makeProject } from '../../testing/identity/users.ts'
import { type TestCloud, testCloud } from '../../testing/test-cloud.ts'

const v3 = '/identity/v3'
interface Row {
  id: string
  name: string
  enabled?: boolean
  options?: { immutable?: boolean }
}

// Nothing in them is a wildcard, and case counts unless it is told not to.
const names = ['alpha', 'Alpha', 'ALPHA beta', 'alp%ha', 'alp_ha', "al'pha", 'alphabet', 'beta', 'Beta alpha', 'b\\ta', 'gamma', 'alpha2']
const parts = ['alpha', 'ALP', '%', '_', "'", '\\', 'alp_ha', 'zeta']

const comparisons: Record<string, (name: string, part: string) => boolean> = {
  contains: (name, part) => name.includes(part),
  icontains: (name, part) => name.toLowerCase().includes(part.toLowerCase()),
  startswith: (name, part) => name.startsWith(part),
  istartswith: (name, part) => name.toLowerCase().startsWith(part.toLowerCase()),
  endswith: (name, part) => name.endsWith(part),
  iendswith: (name, part) => name.toLowerCase().endsWith(part.toLowerCase()),
  exact: (name, part) => name === part,
  iexact: (name, part) => name.toLowerCase() === part.toLowerCase(),
}

const kinds: Record<string, (name: string) => object> = {
  users: (name) => ({ user: { name } }),
  groups: (name) => ({ group: { name } }),
  projects: (name) => ({ project: { name } }),
  domains: (name) => ({ domain: { name } }),
  roles: (name) => ({ role: { name } }),
  services: (name) => ({ service: { name, type: 'x' } }),
}

async function list(cloud: TestCloud, kind: string, query: Record<string, string>) {
  const { body } = await cloud.admin.get(`${v3}/${kind}?${new URLSearchParams(query)}`)
  return { rows: body[kind] as Row[], next: body.links.next as string | null, self: body.links.self as string }
}

test('everything with a name is found by parts of it, and the pages of a list together are the whole', async () => {
  await using cloud = await testCloud()
  for (const [kind, body] of Object.entries(kinds)) {
    for (const name of names) await cloud.admin.post(`${v3}/${kind}`, body(name), 201)
    const all = (await list(cloud, kind, {})).rows
    assert.ok(names.every((name) => all.some((row) => row.name === name)))
    for (const [comparison, test] of Object.entries(comparisons)) {
      for (const part of parts) {
        const got = (await list(cloud, kind, { [`name__${comparison}`]: part })).rows
        const expected = all.filter((row) => test(row.name ?? '', part))
        assert.deepEqual(got.map((row) => row.id).sort(), expected.map((row) => row.id).sort(), `${kind}: ${comparison} ${part}`)
      }
    }
    assert.deepEqual(
      (await list(cloud, kind, { name: 'alpha' })).rows.map((row) => row.name),
      ['alpha'],
    )
    // Unknown ways to compare, and unknown attributes, are left aside.
    assert.equal((await list(cloud, kind, { name__sounds: 'alpha', nothing: 'x' })).rows.length, all.length)
    const seen: Row[] = []
    for (let marker = ''; ; ) {
      const page = await list(cloud, kind, { limit: '4', name__icontains: 'a', ...(marker ? { marker } : {}) })
      seen.push(...page.rows)
      if (page.next === null) break
      assert.equal(page.rows.length, 4)
      const next = new URL(page.next)
      assert.equal(next.searchParams.get('name__icontains'), 'a')
      marker = next.searchParams.get('marker')!
    }
    assert.deepEqual(
      seen.map((row) => row.id),
      (await list(cloud, kind, { name__icontains: 'a' })).rows.map((row) => row.id),
    )
    await cloud.admin.get(`${v3}/${kind}?marker=nothing&limit=1`, 400)
    await cloud.admin.get(`${v3}/${kind}?limit=-1`, 400)
    // Names are unique where they must be; services may share one.
    assert.equal((await cloud.admin.post(`${v3}/${kind}`, body('alpha'))).status, kind === 'services' ? 201 : 409)
  }
})

test('what is immutable can be neither changed nor deleted, by any way, until that alone is taken back', async () => {
  await using cloud = await testCloud()
  const domain = await makeDomain(cloud, 'd')
  const project = await makeProject(cloud, 'p', { domain_id: domain, tags: ['a'] })
  const role = (await cloud.admin.post(`${v3}/roles`, { role: { name: 'r' } }, 201)).body.role.id
  await cloud.admin.patch(`${v3}/domains/${domain}`, { domain: { enabled: false } }, 200)
  const { admin } = cloud
  for (const [kind, id] of [
    ['project', project],
    ['role', role],
    ['domain', domain],
  ] as const) {
    const path = `${v3}/${kind}s/${id}`
    const patch = async (changes: object, expected: number) => (await admin.patch(path, { [kind]: changes }, expected)).body[kind] as Row
    assert.deepEqual((await patch({ options: { immutable: true } }, 200)).options, { immutable: true })
    await patch({ name: 'other' }, 403)
    await patch({ description: 'other' }, 403)
    await patch({ name: 'other', options: { immutable: false } }, 403)
    await patch({ options: { immutable: true } }, 403)
    await admin.delete(path, 403)
    if (kind === 'project') {
      await admin.request('PUT', `${path}/tags/b`, { expected: 403 })
      await admin.request('PUT', `${path}/tags`, { body: { tags: [] }, expected: 403 })
      await admin.delete(`${path}/tags/a`, 403)
      await admin.delete(`${path}/tags`, 403)
      assert.deepEqual((await admin.get(`${path}/tags`)).body.tags, ['a'])
    }
    assert.deepEqual((await patch({ options: { immutable: null } }, 200)).options, {})
    await patch({ description: 'other' }, 200)
    await admin.delete(path)
  }
  for (const options of [{ immutable: 'yes' }, { unknown: true }]) await admin.post(`${v3}/roles`, { role: { name: 'x', options } }, 400)
})

test('a filter that is true or false may be given several times: any of the values', async () => {
  await using cloud = await testCloud()
  await makeProject(cloud, 'open', {})
  await makeProject(cloud, 'closed', { enabled: false })
  const count = async (query: string) => (await cloud.admin.get(`${v3}/projects?${query}`)).body.projects.length as number
  const [open, closed] = [await count('enabled=true'), await count('enabled=false')]
  assert.equal(closed, 1)
  assert.equal(await count('enabled=true&enabled=False'), open + closed)
  assert.equal(await count('enabled=0&enabled=false'), closed)
  const lists = ['users', 'domains', 'auth/projects', 'endpoints', 'OS-FEDERATION/identity_providers', 'OS-FEDERATION/service_providers']
  for (const list of lists) {
    const every = async (query: string) => (await cloud.admin.get(`${v3}/${list}${query}`, 200)).body[list.split('/').at(-1)!] as Row[]
    assert.deepEqual(await every('?enabled=1&enabled=0'), await every(''), list)
  }
})
