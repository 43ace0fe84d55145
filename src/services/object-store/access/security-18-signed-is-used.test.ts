import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { changeGeneration } from '../../../auth/store.ts'
import { anonymous, withContainer } from '../../../testing/object-store/store.ts'
import { testCloud } from '../../../testing/test-cloud.ts'

const later = () => Math.floor(Date.now() / 1000) + 600
const sign = (text: string) => createHmac('sha256', 'key').update(text).digest('hex')
const v1 = (path: string) => decodeURIComponent(path.replace('/object-store', ''))

test('who may write in one container takes no versions out of another, however its name is written', async () => {
  await using cloud = await testCloud()
  const { at, call, member, account } = await withContainer(cloud)
  const other = await cloud.as('member', 'project-2')
  await member.request('PUT', `${account}/arch`, { expected: 201 })
  const acl = `*:${other.login.userId}`
  for (const [i, location] of ['arch/', 'arch', '%61rch', '%61rch/'].entries()) {
    await member.request('PUT', `${account}/arch/002o${i}/1`, { raw: 'private', expected: 201 })
    const headers = { 'x-versions-location': location, 'x-container-write': acl, 'x-container-read': acl }
    await call('POST', '', 204, { headers })
    await call('PUT', `o${i}`, 201, { raw: 'now' })
    await other.request('DELETE', at(`o${i}`), { expected: 403 })
    const bulk = await other.request('POST', `${account}?bulk-delete`, { raw: `things/o${i}`, headers: { accept: 'application/json' } })
    assert.equal(bulk.body['Number Deleted'], 0)
    assert.equal((await other.request('GET', at(`o${i}`), { expected: 200 })).text, 'now')
    // What was put away from here comes back to those who may write here.
    await other.request('PUT', at(`o${i}`), { raw: 'later', expected: 201 })
    await other.request('DELETE', at(`o${i}`), { expected: 204 })
    assert.equal((await other.request('GET', at(`o${i}`), { expected: 200 })).text, 'now')
    await other.request('DELETE', at(`o${i}`), { expected: 403 })
  }
})

test('names in the lists of an account count where its project is in the default domain', async () => {
  await using cloud = await testCloud()
  const { at, call, member, account } = await withContainer(cloud)
  const other = await cloud.as('member', 'project-2')
  await call('PUT', 'o', 201, { raw: 'text' })
  await call('POST', '', 204, { headers: { 'x-container-read': 'project-2:member-project-2', 'x-container-write': '*:member-project-2' } })
  await other.request('GET', at('o'), { expected: 200 })
  await other.request('PUT', at('p'), { raw: 'x', expected: 201 })
  const grants = JSON.stringify({ 'read-only': ['project-2:member-project-2'] })
  await member.request('POST', account, { headers: { 'x-account-access-control': grants }, expected: 204 })
  await other.request('GET', account, { expected: 200 })
  const project = await member.projectId()
  await cloud.cloud.database.write(async ({ db }) => {
    const row = await db.selectFrom('identity_projects').selectAll().where('id', '=', project).executeTakeFirstOrThrow()
    await db
      .insertInto('identity_projects')
      .values({ ...row, id: 'elsewhere', name: 'elsewhere', domain_id: '', parent_id: null, is_domain: true })
      .execute()
    await db.updateTable('identity_projects').set({ domain_id: 'elsewhere', parent_id: 'elsewhere' }).where('id', '=', project).execute()
    await changeGeneration(db)
  })
  await other.request('GET', at('o'), { expected: 403 })
  await other.request('PUT', at('p'), { raw: 'x', expected: 403 })
  await other.request('GET', account, { expected: 403 })
  const ids = `${await other.projectId()}:${other.login.userId}`
  await member.request('POST', at(''), { headers: { 'x-container-read': ids }, expected: 204 })
  await other.request('GET', at('o'), { expected: 200 })
})

test('what stands in the query of a temporary URL and is not signed has no effect', async () => {
  await using cloud = await testCloud()
  const { at, call } = await withContainer(cloud, 'things', { 'x-versions-enabled': 'true', 'x-container-meta-temp-url-key': 'key' })
  await call('PUT', 'o', 201, { raw: 'old secret' })
  const old = (await call('HEAD', 'o', 200)).headers.get('x-object-version-id')
  await call('PUT', 'o', 201, { raw: 'new' })
  await call('PUT', 'slo?multipart-manifest=put', 201, { raw: JSON.stringify([{ path: 'things/o' }]) })
  await call('PUT', 'link', 201, { headers: { 'x-symlink-target': 'things/o' } })
  const expires = later()
  const url = (name: string, method: string, more: string) =>
    `${at(name)}?temp_url_sig=${sign(`${method}\n${expires}\n${v1(at(name))}`)}&temp_url_expires=${expires}${more}`
  const get = async (name: string, more: string) => (await anonymous(cloud, 'GET', url(name, 'GET', more), { expected: 200 })).text
  assert.equal(await get('o', `&version-id=${old}`), 'new')
  assert.equal(await get('slo', '&multipart-manifest=get'), 'new')
  assert.equal(await get('slo', '&part-number=7'), 'new')
  assert.equal(await get('link', '&symlink=get'), 'new')
  const file = await anonymous(cloud, 'GET', url('o', 'GET', '&filename=n.txt&inline'), { expected: 200 })
  assert.match(file.headers.get('content-disposition')!, /^inline; filename="n.txt"/)
  await anonymous(cloud, 'DELETE', url('slo', 'DELETE', '&multipart-manifest=delete'), { expected: 204 })
  await anonymous(cloud, 'DELETE', url('o', 'DELETE', `&version-id=${old}`), { expected: 204 })
  assert.equal((await call('GET', `o?version-id=${old}`, 200)).text, 'old secret')
})

test('fields of a form behind its files are not those that were signed', async () => {
  await using cloud = await testCloud()
  const { at, call } = await withContainer(cloud, 'things', { 'x-container-meta-temp-url-key': 'key' })
  const path = v1(at('up/'))
  const signed = { redirect: 'http://page.example/', max_file_size: '100', max_file_count: '1', expires: String(later()) }
  const signature = sign([path, ...Object.values(signed)].join('\n'))
  const field = (name: string, value: string) => `--bound\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
  const file = (name: string, text: string) => `--bound\r\nContent-Disposition: form-data; name="f"; filename="${name}"\r\n\r\n${text}\r\n`
  const fields = Object.entries({ ...signed, signature }).map(([name, value]) => field(name, value))
  const post = (parts: string[], expected: number) =>
    anonymous(cloud, 'POST', at('up/'), {
      raw: `${parts.join('')}--bound--\r\n`,
      headers: { 'content-type': 'multipart/form-data; boundary=bound' },
      expected,
    })
  const evil = [
    field('redirect', 'http://evil.example/'),
    field('max_file_count', '9'),
    field('max_file_size', '9999'),
    field('signature', ''),
  ]
  const answer = await post([...fields, file('a', 'text'), ...evil], 303)
  assert.equal(answer.headers.get('location'), 'http://page.example/?status=201&message=')
  const second = await post([...fields, file('b', 'x'), ...evil, file('c', 'x'.repeat(200))], 303)
  assert.match(second.headers.get('location')!, /^http:\/\/page\.example\/\?status=400/)
  await call('GET', 'up/c', 404)
  // In front of the file the one that is used is the one that is checked.
  await post([...fields, field('redirect', 'http://evil.example/'), file('d', 'x')], 401)
  await call('GET', 'up/d', 404)
})

test("a private container's page for errors is shown to those who may read it", async () => {
  await using cloud = await testCloud()
  const { at, call } = await withContainer(cloud, 'site', {
    'x-container-meta-web-index': 'index.html',
    'x-container-meta-web-error': 'error.html',
    'x-container-meta-web-listings': 'true',
  })
  for (const status of ['401', '404']) await call('PUT', `${status}error.html`, 201, { raw: `secret of ${status}` })
  for (const path of ['', 'missing', 'missing/'])
    for (const headers of [{}, { 'x-web-mode': 'true' }] as Record<string, string>[]) {
      assert.doesNotMatch((await anonymous(cloud, 'GET', at(path), { headers, expected: 401 })).text, /secret/)
      const stranger = await cloud.as('member', 'project-2')
      assert.doesNotMatch((await stranger.request('GET', at(path), { headers, expected: 403 })).text, /secret/)
    }
  await call('POST', '', 204, { headers: { 'x-container-read': '.r:*' } })
  assert.equal((await anonymous(cloud, 'GET', at('missing'), { expected: 404 })).text, 'secret of 404')
  await call('POST', '', 204, { headers: { 'x-container-read': '.r:good.example' } })
  await anonymous(cloud, 'GET', at('missing'), { headers: { referer: 'http://evil.example/' }, expected: 401 })
})
