import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addKey, codeOf, withKey } from '../../../testing/object-store/s3.ts'

test('a copy onto itself must change something', async () => {
  const { cloud, call } = await withKey()
  await using _ = cloud
  await call('PUT', '/bucket', 200)
  await call('PUT', '/bucket/o', 200, { raw: 'text', headers: { 'x-amz-meta-a': 'b' } })
  const copy = (expected: number, headers: Record<string, string>, to = '/bucket/o') =>
    call('PUT', to, expected, { headers: { 'x-amz-copy-source': '/bucket/o', ...headers } })
  assert.equal(codeOf(await copy(400, {})), 'InvalidRequest')
  assert.equal(codeOf(await copy(400, { 'x-amz-metadata-directive': 'COPY' })), 'InvalidRequest')
  assert.equal(codeOf(await copy(400, { 'x-amz-metadata-directive': 'OTHER' })), 'InvalidArgument')
  assert.equal(codeOf(await copy(400, { 'x-amz-copy-source-range': 'bytes=0-1' }, '/bucket/p')), 'InvalidArgument')
  await copy(200, { 'x-amz-metadata-directive': 'REPLACE', 'x-amz-meta-c': 'd' })
  const { headers } = await call('HEAD', '/bucket/o', 200)
  assert.deepEqual([headers.get('x-amz-meta-a'), headers.get('x-amz-meta-c')], [null, 'd'])
  await copy(200, {}, '/bucket/p')
})

test('what cannot be decoded or found as a source is a fault of the request', async () => {
  const { cloud, call } = await withKey()
  await using _ = cloud
  await call('PUT', '/bucket', 200)
  await call('PUT', '/bucket/50%25%20%C3%BC', 200, { raw: 'text' })
  const copy = (expected: number, source: string) => call('PUT', '/bucket/copy', expected, { headers: { 'x-amz-copy-source': source } })
  for (const source of ['/bucket/%zz', '/bucket/%', '/bucket/%ff', 'bucket', '/bucket/', '/bucket/o?versionId=%zz', '/bucket/o?other=1'])
    assert.equal(codeOf(await copy(400, source)), 'InvalidArgument', source)
  assert.equal(codeOf(await copy(404, '/bucket/none')), 'NoSuchKey')
  assert.equal(codeOf(await copy(404, '/none/o')), 'NoSuchBucket')
  await copy(200, '/bucket/50%25%20%C3%BC')
  assert.equal((await call('GET', '/bucket/copy', 200)).text, 'text')
  // Raw UTF-8 comes byte by byte.
  await copy(200, Buffer.from('/bucket/50%25%20ü').toString('latin1'))
})

test('buckets of other projects: nothing is copied out of one that is not open, nor is its owner mistaken', async () => {
  const { cloud, member, call } = await withKey()
  await using _ = cloud
  const other = await cloud.as('member', 'project-2')
  await addKey(other, 'AKOTHER', 'O')
  const theirs = { access: 'AKOTHER', secret: 'O' }
  await call('PUT', '/private', 200)
  await call('PUT', '/private/o', 200, { raw: 'text' })
  await call('PUT', '/mine', 200, theirs)
  const copy = { ...theirs, headers: { 'x-amz-copy-source': '/private/o' } }
  assert.equal(codeOf(await call('PUT', '/mine/o', 403, copy)), 'AccessDenied')
  assert.equal(codeOf(await call('GET', '/private', 403, theirs)), 'AccessDenied')
  assert.equal(codeOf(await call('PUT', '/private/new', 403, { ...theirs, raw: 'x' })), 'AccessDenied')
  assert.equal(codeOf(await call('DELETE', '/private', 403, theirs)), 'AccessDenied')
  // What Swift made and nobody opened is not known to exist.
  await member.request('PUT', `/object-store/v1/AUTH_${member.login.projectId}/hidden`, { expected: 201 })
  assert.equal(codeOf(await call('GET', '/hidden', 404, theirs)), 'NoSuchBucket')
  for (const path of ['/private', '/private/o']) await call('PUT', `${path}?acl`, 200, { headers: { 'x-amz-acl': 'authenticated-read' } })
  await call('PUT', '/mine/o', 200, copy)
  const listed = await call('GET', '/private', 200, theirs)
  assert.ok(listed.text.includes(`<Owner><ID>${member.login.userId}</ID>`))
  await call('PUT', '/private/new', 403, { ...theirs, raw: 'x' })
  // The own bucket of a name goes first.
  await call('PUT', '/private', 200, theirs)
  assert.doesNotMatch((await call('GET', '/private', 200, theirs)).text, /<Key>o</)
  const owned = (id: string) => ({ headers: { 'x-amz-expected-bucket-owner': id } })
  await call('GET', '/private/o', 200, owned(member.login.projectId!))
  await call('GET', '/private/o', 200, owned(member.login.userId!))
  assert.equal(codeOf(await call('GET', '/private/o', 403, owned(other.login.projectId!))), 'AccessDenied')
  assert.equal(codeOf(await call('PUT', '/private/o', 403, { raw: 'x', ...owned('somebody') })), 'AccessDenied')
})

test('requests that nobody signed see what is open to everybody', async () => {
  const { cloud, call } = await withKey()
  await using _ = cloud
  const open = { 'x-amz-acl': 'public-read' }
  await call('PUT', '/open', 200, { headers: open })
  await call('PUT', '/open/o', 200, { raw: 'text', headers: open })
  await call('PUT', '/private', 200)
  const send = async (method: string, path: string, headers: Record<string, string> = {}) => {
    const answer = await fetch(`${cloud.url}/object-store${path}`, { method, headers, body: method === 'PUT' ? 'x' : undefined })
    return { status: answer.status, text: await answer.text() }
  }
  assert.deepEqual(await send('GET', '/open/o'), { status: 200, text: 'text' })
  assert.match((await send('GET', '/open?list-type=2')).text, /<Key>o</)
  for (const [method, path, status, code] of [
    ['PUT', '/open/o', 403, 'AccessDenied'],
    ['DELETE', '/open/o', 403, 'AccessDenied'],
    ['GET', '/open?acl', 403, 'AccessDenied'],
    ['GET', '/private', 403, 'AccessDenied'],
    ['GET', '/private/o', 403, 'AccessDenied'],
    ['PUT', '/new', 403, 'AccessDenied'],
    ['GET', '/none', 404, 'NoSuchBucket'],
    ['DELETE', '/none/o', 404, 'NoSuchBucket'],
    ['GET', '/open/o?response-content-type=text/html', 400, 'InvalidRequest'],
  ] as const) {
    const answer = await send(method, path)
    assert.deepEqual([answer.status, codeOf(answer)], [status, code], `${method} ${path}`)
  }
  assert.equal((await send('PUT', '/open/copy', { 'x-amz-copy-source': '/open/o' })).status, 403)
})
