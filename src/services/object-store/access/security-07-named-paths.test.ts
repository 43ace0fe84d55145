// A token bound by access rules: what headers and queries name beside the request's own path is held to them like the path of a request.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { accountOf, boundToken } from '../../../testing/object-store/store.ts'
import { testCloud } from '../../../testing/test-cloud.ts'

test('security-07: no request reaches by copies, links, manifests or places of versions what the access rules of its token keep from it', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const account = await accountOf(member)
  const own = account.split('/').at(-1)!
  for (const name of ['open', 'closed', 'open/o', 'closed/o', 'open/seg/1', 'closed/seg/1'])
    await member.request('PUT', `${account}/${name}`, { raw: name, expected: 201 })
  const token = await boundToken(member, [
    ...['GET', 'PUT', 'POST', 'DELETE'].map((method) => `${method} /open/**`),
    'POST /open',
    'GET /closed/exact',
  ])
  const bound = async (method: string, to: string, expected: number, headers: Record<string, string> = {}, body?: string) => {
    const answer = await fetch(`${cloud.url}${account}${to}`, { method, headers: { 'x-auth-token': token, ...headers }, body })
    const text = await answer.text()
    assert.equal(answer.status, expected, `${method} ${to} ${JSON.stringify(headers)}: ${text}`)
    return text
  }

  // Within the rules all of it works.
  await bound('PUT', '/open/copy', 201, { 'x-copy-from': 'open/o' })
  // No rule can name COPY.
  await bound('COPY', '/open/o', 401, { destination: 'open/copy' })
  await bound('PUT', '/open/link', 201, { 'x-symlink-target': 'open/o' })
  await bound('PUT', '/open/dynamic', 201, { 'x-object-manifest': 'open/seg' }, '')
  await bound('PUT', '/open/static?multipart-manifest=put', 201, {}, JSON.stringify([{ path: '/open/seg/1' }]))
  await bound('POST', '/open', 204, { 'x-container-meta-colour': 'red' })

  for (const source of ['closed/o', '/closed/o', 'clos%65d/o', 'none/o']) {
    await bound('PUT', '/open/new', 401, { 'x-copy-from': source })
    await bound('PUT', '/open/new', 401, { 'x-copy-from': source, 'x-copy-from-account': own })
  }
  await bound('PUT', '/open/new', 401, { 'x-copy-from': 'open/o', 'x-copy-from-account': 'AUTH_other' })
  for (const target of ['closed/o', 'clos%65d/o']) {
    await bound('PUT', '/open/new', 401, { 'x-symlink-target': target })
    await bound('PUT', '/open/new', 401, { 'x-symlink-target': target, 'x-symlink-target-account': own })
    const [container, object] = target.split('/')
    for (const manifest of [`${container}/seg`, `${container}/${object}`, 'closed/exact']) {
      await bound('PUT', '/open/new', 401, { 'x-object-manifest': manifest }, '')
      await bound('PUT', '/open/new', 401, { 'x-copy-from': 'open/o', 'x-object-manifest': manifest })
      await bound('POST', '/open/o', 401, { 'x-object-manifest': manifest })
    }
  }
  for (const path of ['/closed/o', 'closed/o', '//closed/o'])
    for (const list of [[{ path }], [{ path: '/open/seg/1' }, { path }]])
      assert.notEqual(
        await bound('PUT', '/open/new?multipart-manifest=put', path === '//closed/o' ? 400 : 401, {}, JSON.stringify(list)),
        '',
      )
  for (const name of ['x-versions-location', 'x-history-location'])
    for (const place of ['closed', '/closed/', 'clos%65d']) await bound('POST', '/open', 401, { [name]: place })
  await bound('GET', '/open/new', 404)
  assert.equal(await bound('GET', '/open/o', 200), 'open/o')

  // What is stored already is read as its project may read it, but removed only as the token may.
  const put = (to: string, raw: string) => member.request('PUT', `${account}${to}`, { raw, expected: 201 })
  await put('/open/large?multipart-manifest=put', JSON.stringify([{ path: '/closed/seg/1' }, { path: '/open/seg/1' }]))
  assert.equal(await bound('GET', '/open/large', 200), 'closed/seg/1open/seg/1')
  const report = await bound('DELETE', '/open/large?multipart-manifest=delete', 200, { accept: 'application/json' })
  assert.deepEqual(JSON.parse(report).Errors, [['/closed/seg/1', '401 Unauthorized']])
  await member.request('HEAD', `${account}/closed/seg/1`, { expected: 200 })
})
