import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { accountOf, anonymous, withContainer } from '../../../testing/object-store/store.ts'
import { testCloud } from '../../../testing/test-cloud.ts'

const later = () => Math.floor(Date.now() / 1000) + 600
const sign = (key: string, text: string, digest = 'sha256') => createHmac(digest, key).update(text).digest('hex')
const v1 = (path: string) => decodeURIComponent(path.replace('/object-store', ''))

test('a temporary URL opens that method on that object until that time, and nothing else', async () => {
  await using cloud = await testCloud()
  const { at, call, member, account } = await withContainer(cloud)
  await member.request('POST', account, {
    headers: { 'x-account-meta-temp-url-key': 'one', 'x-account-meta-temp-url-key-2': 'two' },
    expected: 204,
  })
  for (const name of ['o', 'a/b', 'a/bc']) await call('PUT', name, 201, { raw: name, headers: { 'x-object-meta-secret': 's' } })
  await call('PUT', 'o', 201, { raw: 'text', headers: { 'x-object-meta-secret': 's', 'x-object-meta-public-a': 'p' } })
  const expires = later()
  const url = (path: string, method = 'GET', options: { key?: string; digest?: string; expires?: number; more?: string } = {}) => {
    const end = options.expires ?? expires
    return `${path}?temp_url_sig=${sign(options.key ?? 'one', `${method}\n${end}\n${v1(path)}`, options.digest)}&temp_url_expires=${end}${options.more ?? ''}`
  }
  for (const digest of ['sha1', 'sha256', 'sha512'])
    for (const key of ['one', 'two'])
      assert.equal((await anonymous(cloud, 'GET', url(at('o'), 'GET', { key, digest }), { expected: 200 })).text, 'text')
  const got = (await anonymous(cloud, 'GET', url(at('o')))).headers
  assert.deepEqual([got.get('x-object-meta-secret'), got.get('x-object-meta-public-a')], [null, 'p'])
  await anonymous(cloud, 'HEAD', url(at('o')), { expected: 200 })
  for (const method of ['PUT', 'POST', 'DELETE']) await anonymous(cloud, method, url(at('o')), { expected: 401 })
  await anonymous(cloud, 'GET', url(at('o'), 'PUT'), { expected: 401 })
  await anonymous(cloud, 'GET', url(at('o'), 'GET', { key: 'three' }), { expected: 401 })
  await anonymous(cloud, 'GET', url(at('o'), 'GET', { expires: 1000 }), { expected: 401 })
  const signature = url(at('o')).split('?')[1]!
  for (const other of ['a/b', 'o/', '%6f%2f', 'o%252f', '..%2fthings%2fo', '.%2fo'])
    await anonymous(cloud, 'GET', `${at(other)}?${signature}`, { expected: 401 })
  assert.equal((await anonymous(cloud, 'GET', `${at('%6f')}?${signature}`)).text, 'text')
  await anonymous(cloud, 'GET', `${at('')}?${signature}`, { expected: 401 })
  await anonymous(cloud, 'GET', url(at('o')).replace(/temp_url_sig=.{8}/, 'temp_url_sig=00000000'), { expected: 401 })
  await anonymous(cloud, 'GET', `${at('o')}?temp_url_sig=&temp_url_expires=${expires}`, { expected: 401 })
  await anonymous(cloud, 'GET', `${at('o')}?temp_url_expires=${expires}`, { expected: 401 })

  const prefixed = (prefix: string, path: string) =>
    `${at(path)}?temp_url_sig=${sign('one', `GET\n${expires}\nprefix:${v1(at(''))}/${prefix}`)}&temp_url_expires=${expires}&temp_url_prefix=${prefix}`
  assert.equal((await anonymous(cloud, 'GET', prefixed('a/b', 'a/bc'), { expected: 200 })).text, 'a/bc')
  await anonymous(cloud, 'GET', prefixed('a/b', 'o'), { expected: 401 })
  await anonymous(cloud, 'GET', prefixed('a/b', 'o').replace('temp_url_prefix=a/b', 'temp_url_prefix='), { expected: 401 })

  const from = (range: string) =>
    `${at('o')}?temp_url_sig=${sign('one', `ip=${range}\nGET\n${expires}\n${v1(at('o'))}`)}&temp_url_expires=${expires}&temp_url_ip_range=${range}`
  await anonymous(cloud, 'GET', from('127.0.0.0/8'), { expected: 200 })
  await anonymous(cloud, 'GET', from('10.0.0.0/8'), { expected: 401 })
  await anonymous(cloud, 'GET', from('127.0.0.0/8').replace(/&temp_url_ip_range=.*/, ''), { expected: 401 })
})

test('a link to write one object makes no manifest, no symbolic link and no copy of others', async () => {
  await using cloud = await testCloud()
  const { at, call, member, account } = await withContainer(cloud)
  await member.request('POST', at(''), { headers: { 'x-container-meta-temp-url-key': 'key' }, expected: 204 })
  await member.request('PUT', `${account}/private`, { expected: 201 })
  await member.request('PUT', `${account}/private/secret`, { raw: 'secret', expected: 201 })
  const expires = later()
  const url = (name: string, method: string) =>
    `${at(name)}?temp_url_sig=${sign('key', `${method}\n${expires}\n${v1(at(name))}`)}&temp_url_expires=${expires}`
  await anonymous(cloud, 'PUT', url('new', 'PUT'), { raw: 'x', expected: 201 })
  for (const headers of [
    { 'x-object-manifest': 'private/sec' },
    { 'x-symlink-target': 'private/secret' },
    { 'x-copy-from': 'private/secret' },
  ] as Record<string, string>[])
    await anonymous(cloud, 'PUT', url('new', 'PUT'), { headers, expected: 400 })
  const manifest = JSON.stringify([{ path: 'private/secret' }])
  await anonymous(cloud, 'PUT', `${url('new', 'PUT')}&multipart-manifest=put`, { raw: manifest, expected: 400 })
  // What the owner has made leads no further through a container's key than its container.
  await call('PUT', 'dlo', 201, { headers: { 'x-object-manifest': 'private/sec' } })
  await call('PUT', 'slo?multipart-manifest=put', 201, { raw: manifest })
  await call('PUT', 'link', 201, { headers: { 'x-symlink-target': 'private/secret' } })
  for (const name of ['dlo', 'slo', 'link']) {
    assert.equal((await call('GET', name, 200)).text, 'secret')
    assert.equal((await anonymous(cloud, 'GET', url(name, 'GET'), { expected: 401 })).text.includes('secret'), false)
  }
})

test('access lists open what they name', async () => {
  await using cloud = await testCloud()
  const { at, call, member } = await withContainer(cloud)
  await call('PUT', 'o', 201, { raw: 'text' })
  const other = await cloud.as('member', 'project-2')
  const third = await cloud.as('member', 'project-3')
  const reader = await cloud.as('reader')
  await other.request('GET', at('o'), { expected: 403 })
  await other.request('GET', at('missing'), { expected: 403 })
  await other.request('HEAD', await accountOf(member), { expected: 403 })
  await anonymous(cloud, 'GET', at('o'), { expected: 401 })
  await reader.request('GET', at('o'), { expected: 200 })
  await reader.request('PUT', at('o'), { raw: 'x', expected: 403 })
  await call('POST', '', 204, {
    headers: { 'x-container-read': `${await other.projectId()}:*`, 'x-container-write': `*:${third.login.userId}` },
  })
  await other.request('GET', at('o'), { expected: 200 })
  await other.request('GET', at(''), { expected: 200 })
  await other.request('PUT', at('o'), { raw: 'x', expected: 403 })
  await other.request('POST', at(''), { expected: 403 })
  await third.request('GET', at('o'), { expected: 403 })
  await third.request('PUT', at('third'), { raw: 'x', expected: 201 })
  assert.equal((await other.request('HEAD', at(''))).headers.get('x-container-read'), null)
  await call('POST', '', 204, { headers: { 'x-container-read': '.r:*' } })
  await anonymous(cloud, 'GET', at('o'), { expected: 200 })
  await anonymous(cloud, 'GET', at(''), { expected: 401 })
  await anonymous(cloud, 'PUT', at('o'), { raw: 'x', expected: 401 })
  await call('POST', '', 204, { headers: { 'x-container-read': '.r:*, .r:-bad.example.com, .rlistings' } })
  assert.equal((await anonymous(cloud, 'GET', at(''), { expected: 200 })).text, 'o\nthird\n')
  await anonymous(cloud, 'GET', at('o'), { headers: { referer: 'http://bad.example.com/x' }, expected: 401 })
  await call('POST', '', 400, { headers: { 'x-container-write': '.r:*' } })
  await call('POST', '', 400, { headers: { 'x-container-read': '.wrong' } })
})

test('what versions bring back or put away stays behind the access lists', async () => {
  await using cloud = await testCloud()
  const { at, call, member, account } = await withContainer(cloud)
  const other = await cloud.as('member', 'project-2')
  await member.request('PUT', `${account}/old`, { expected: 201 })
  await call('POST', '', 204, { headers: { 'x-versions-location': 'old', 'x-container-write': `${await other.projectId()}:*` } })
  for (const raw of ['1', '2', '3']) await call('PUT', 'o', 201, { raw })
  await other.request('GET', `${account}/old`, { expected: 403 })
  // Who may write here takes back what was put away from here, and nothing that others have put there.
  await other.request('DELETE', at('o'), { expected: 204 })
  await member.request('PUT', `${account}/old/001s/1`, { raw: 'secret', expected: 201 })
  await other.request('DELETE', at('s'), { expected: 403 })
  await member.request('DELETE', `${account}/old/001s/1`, { expected: 204 })
  for (const location of ['old/x', 'old%2Fx', '/', '%FF']) await call('POST', '', 412, { headers: { 'x-versions-location': location } })
  await call('PUT', 'o', 201, { raw: '3' })
  await call('DELETE', 'o', 204)
  assert.equal((await call('GET', 'o', 200)).text, '2')
  await call('DELETE', 'o', 204)
  await call('DELETE', 'o', 204)
  await call('GET', 'o', 404)
  const head = (await member.request('HEAD', account)).headers
  assert.deepEqual([head.get('x-account-object-count'), head.get('x-account-bytes-used')], ['0', '0'])
})

test('security-18: behind a trusted proxy a link for some addresses means those of the clients', async () => {
  await using cloud = await testCloud({ settings: { trustedProxies: '127.0.0.0/8' } })
  const { at, member } = await withContainer(cloud)
  await member.request('POST', at(''), { headers: { 'x-container-meta-temp-url-key': 'key' }, expected: 204 })
  await member.request('PUT', at('o'), { raw: 'text', expected: 201 })
  const expires = later()
  const from = (range: string) =>
    `${at('o')}?temp_url_sig=${sign('key', `ip=${range}\nGET\n${expires}\n${v1(at('o'))}`)}&temp_url_expires=${expires}&temp_url_ip_range=${range}`
  const headers = { 'x-forwarded-for': '203.0.113.9' }
  await anonymous(cloud, 'GET', from('203.0.113.0/24'), { headers, expected: 200 })
  await anonymous(cloud, 'GET', from('127.0.0.0/8'), { headers, expected: 401 })
})
