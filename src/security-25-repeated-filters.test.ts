// What one query repeats is looked at for every row: it is counted before, and what the database does not take is told to the one who
// asked for it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type TestCloud, testCloud } from './testing/test-cloud.ts'
import { longestTurn, onThisMachine } from './testing/turns.ts'

/** Milliseconds of processor time that may go by while all others wait. */
const longest = 100

const repeated = (part: (index: number) => string, count: number) => Array.from({ length: count }, (_, index) => part(index)).join('&')

const sortable = [
  '/network/v2.0/networks',
  '/network/v2.0/ports',
  '/network/v2.0/security-group-rules',
  '/image/v2/images',
  '/compute/v2.1/flavors',
  '/compute/v2.1/servers',
  '/compute/v2.1/servers/detail',
  '/identity/v3/projects',
  '/identity/v3/users',
]

async function answers(cloud: TestCloud, path: string, expected: number): Promise<void> {
  let status = 0
  const token = await cloud.admin.token()
  const ms = await longestTurn(async () => {
    const response = await fetch(cloud.url + path, { headers: { 'x-auth-token': token } })
    status = response.status
    await response.text()
  })
  assert.equal(status, expected, path.slice(0, 120))
  assert.ok(ms < onThisMachine(longest), `${path.slice(0, 120)}: ${ms} ms`)
}

test('security-25: a sort key counts once, however often it is there, also behind a marker', async () => {
  await using cloud = await testCloud()
  const image = (await cloud.admin.post('/image/v2/images', { name: 'i', disk_format: 'raw', container_format: 'bare' }, 201)).body.id
  const network = (await cloud.admin.post('/network/v2.0/networks', { network: { name: 'n' } }, 201)).body.network.id
  const key = (path: string) => (path.includes('/servers') ? 'display_name' : path.includes('flavors') ? 'flavorid' : 'id')
  for (const path of sortable) {
    await answers(cloud, `${path}?${repeated(() => `sort_key=${key(path)}`, 900)}`, 200)
    await answers(cloud, `${path}?${repeated(() => `sort_key=${key(path)}`, 1001)}`, 400)
  }
  await answers(cloud, `/image/v2/images?marker=${image}&sort=${Array(9000).fill('id').join(',')}`, 200)
  await answers(cloud, `/network/v2.0/networks?marker=${network}&${repeated(() => 'sort_key=id', 900)}`, 200)
})

test('security-25: conditions that are repeated, and more than a database takes', async () => {
  await using cloud = await testCloud()
  const other = (index: number) => index.toString(36)
  for (const [path, part, status] of [
    ['/compute/v2.1/servers', () => 'status=ACTIVE', 200],
    ['/compute/v2.1/servers/detail', () => 'status=REBOOT', 200],
    ['/compute/v2.1/servers/detail', (index: number) => `status=${other(index)}`, 200],
    ['/network/v2.0/ports', () => 'fixed_ips=ip_address_substr=1', 200],
    ['/network/v2.0/ports', (index: number) => `fixed_ips=ip_address_substr=${other(index)}`, 400],
    ['/network/v2.0/networks', (index: number) => `name=${other(index)}`, 200],
    ['/identity/v3/projects', () => 'name__contains=a', 200],
    ['/identity/v3/users', (index: number) => `name__icontains=${other(index)}`, 400],
    ['/image/v2/images', () => 'tag=a', 400],
  ] as [string, (index: number) => string, number][])
    await answers(cloud, `${path}?${repeated(part, 990)}`, status)
  // Many different ones together: an answer, or a fault of the asker.
  for (const path of ['/image/v2/images', '/compute/v2.1/servers/detail', '/identity/v3/users', '/identity/v3/projects']) {
    const token = await cloud.admin.token()
    for (const name of ['tag', 'p', 'tags', 'name', 'in', 'not-tags', 'changes-since'])
      for (const query of [
        repeated((index) => `${name}=${other(index)}`, 990),
        repeated((index) => `${name}${other(index)}=${other(index)}`, 990),
      ]) {
        const { status } = await fetch(`${cloud.url}${path}?${query}`, { headers: { 'x-auth-token': token } })
        assert.ok(status < 500, `${path} ${query.slice(0, 60)}: ${status}`)
      }
  }
})

test('security-25: an object of very many fields is refused before they are looked at', async () => {
  await using cloud = await testCloud()
  const many = Object.fromEntries(Array.from({ length: 60_000 }, (_, index) => [`k${index}`, 'v']))
  const token = await cloud.admin.token()
  for (const [path, body] of [
    ['/image/v2/images', { name: 'i', ...many }],
    ['/compute/v2.1/servers', { server: { name: 's', flavorRef: '1', metadata: many } }],
    ['/compute/v2.1/flavors/1/os-extra_specs', { extra_specs: many }],
  ] as const) {
    const post = async (text: string) => {
      const headers = { 'x-auth-token': token, 'content-type': 'application/json' }
      return (await fetch(cloud.url + path, { method: 'POST', headers, body: text })).status
    }
    // Schemas are compiled when they are first needed.
    assert.equal(await post('{"no":"such"}'), path.includes('images') ? 201 : 400)
    const text = JSON.stringify(body)
    let status = 0
    const ms = await longestTurn(async () => {
      status = await post(text)
    })
    assert.ok([400, 413].includes(status), `${path}: ${status}`)
    assert.ok(ms < onThisMachine(longest), `${path}: ${ms} ms`)
  }
})
