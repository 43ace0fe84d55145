// Security 20: an address that carries its signature opens that request, until its end, and nothing beside it.
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { addKey, encode, hmac, sha256, withKey } from '../../../testing/object-store/s3.ts'
import { accountOf } from '../../../testing/object-store/store.ts'

const day = 86_400

function presign(
  url: string,
  method: string,
  path: string,
  options: { at?: number; lifetime?: number | string; more?: string } = {},
): string {
  const date = new Date(options.at ?? Date.now()).toISOString().replace(/[-:]|\.\d+/g, '')
  const scope = `${date.slice(0, 8)}/us-east-1/s3/aws4_request`
  const query = [
    'X-Amz-Algorithm=AWS4-HMAC-SHA256',
    `X-Amz-Credential=${encode(`AKTEST/${scope}`)}`,
    `X-Amz-Date=${date}`,
    `X-Amz-Expires=${options.lifetime ?? 600}`,
    'X-Amz-SignedHeaders=host',
    ...(options.more ? [options.more] : []),
  ].sort()
  const place = `/object-store${path}`
  const canonical = [method, place, query.join('&'), `host:${new URL(url).host}`, '', 'host', 'UNSIGNED-PAYLOAD'].join('\n')
  const key = [date.slice(0, 8), 'us-east-1', 's3', 'aws4_request'].reduce<Buffer>((k, part) => hmac(k, part), Buffer.from('AWS4SECRET'))
  const signature = hmac(key, `AWS4-HMAC-SHA256\n${date}\n${scope}\n${sha256(canonical)}`).toString('hex')
  return `${url}${place}?${query.join('&')}&X-Amz-Signature=${signature}`
}

test('presigned addresses of both versions hold for one method, one key, one time and no header that was not signed', async () => {
  const { cloud, call } = await withKey()
  await using _ = cloud
  await call('PUT', '/bucket', 200)
  await call('PUT', '/bucket/o', 200, { raw: 'text' })
  await call('PUT', '/bucket/other', 200, { raw: 'other' })
  const send = async (address: string, method = 'GET', headers: Record<string, string> = {}, body?: string) => {
    const answer = await fetch(address, { method, headers, body })
    return { status: answer.status, text: await answer.text(), type: answer.headers.get('content-type') }
  }
  const get = presign(cloud.url, 'GET', '/bucket/o')
  assert.deepEqual([(await send(get)).status, (await send(get)).text], [200, 'text'])
  const typed = await send(presign(cloud.url, 'GET', '/bucket/o', { more: 'response-content-type=text%2Fcsv' }))
  assert.deepEqual([typed.status, typed.type], [200, 'text/csv'])
  const status = async (...parts: Parameters<typeof send>) => (await send(...parts)).status
  for (const method of ['PUT', 'DELETE', 'POST', 'HEAD']) assert.equal(await status(get, method), 403)
  for (const [from, to] of [
    ['/bucket/o?', '/bucket/other?'],
    ['/bucket/o?', '/bucket/o%2F?'],
    ['/bucket/o?', '/bucket//o?'],
    ['X-Amz-Expires=600', 'X-Amz-Expires=601'],
    ['X-Amz-Signature=', 'acl&X-Amz-Signature='],
    ['X-Amz-SignedHeaders=host', 'X-Amz-SignedHeaders=date'],
    ['us-east-1', 'us-east-2'],
  ] as const)
    assert.equal(await status(get.replace(from, to)), 403, to)
  for (const [options, wanted] of [
    [{ at: Date.now() - 700_000 }, 403],
    [{ at: Date.now() + 1_000_000 }, 403],
    [{ lifetime: 7 * day + 1 }, 403],
    [{ lifetime: 0 }, 403],
    [{ lifetime: -5 }, 403],
    [{ lifetime: '1e9' }, 400],
  ] as const)
    assert.equal(await status(presign(cloud.url, 'GET', '/bucket/o', options)), wanted, JSON.stringify(options))
  const put = presign(cloud.url, 'PUT', '/bucket/new')
  assert.equal(await status(put, 'PUT', { 'x-amz-copy-source': '/bucket/other' }), 403)
  assert.equal(await status(put, 'PUT', { 'x-amz-acl': 'public-read' }), 403)
  assert.equal(await status(put, 'PUT', {}, 'new'), 200)
  assert.equal((await call('GET', '/bucket/new', 200)).text, 'new')

  const second = (method: string, path: string, expires: number, resource = path) => {
    const signature = createHmac('sha1', 'SECRET').update(`${method}\n\n\n${expires}\n/object-store${resource}`).digest('base64')
    return `${cloud.url}/object-store${path}${path.includes('?') ? '&' : '?'}AWSAccessKeyId=AKTEST&Expires=${expires}&Signature=${encodeURIComponent(signature)}`
  }
  const soon = Math.floor(Date.now() / 1000) + 600
  assert.equal((await send(second('GET', '/bucket/o', soon))).text, 'text')
  assert.equal(await status(second('GET', '/bucket/o', soon), 'DELETE'), 403)
  assert.equal(await status(second('GET', '/bucket/o', soon - 1200)), 403)
  assert.equal(await status(second('GET', '/bucket/o', soon).replace(String(soon), String(soon + 1))), 403)
  assert.equal(await status(second('GET', '/bucket/o?acl', soon, '/bucket/o')), 403)

  // The key's end is the end of all that it signed.
  const other = await cloud.as('member', 'project-2')
  await addKey(other, 'AKSECOND', 'SECRET')
  assert.equal(await status(get.replace('AKTEST', 'AKSECOND')), 403)
  const member = await cloud.as('member')
  const { credentials } = (await member.get('/identity/v3/credentials')).body
  for (const { id, blob } of credentials)
    if (blob.includes('AKTEST')) await member.request('DELETE', `/identity/v3/credentials/${id}`, { expected: 204 })
  assert.equal(await status(get), 403)
})

test('security-20: headers of Swift, and others that nobody signed, change nothing about what was signed', async () => {
  const { cloud, call, member } = await withKey()
  await using _ = cloud
  await call('PUT', '/bucket', 200)
  await call('PUT', '/bucket/other', 200, { raw: 'other' })
  const own = (await accountOf(member)).split('/').at(-1)!
  const put = async (path: string, headers: Record<string, string>, body = 'text') => {
    const answer = await fetch(presign(cloud.url, 'PUT', path), { method: 'PUT', headers, body })
    return answer.status
  }
  const foreign = {
    'x-object-meta-colour': 'red',
    x_object_meta_colour: 'red',
    'x-delete-at': '2000000000',
    'x-delete-after': '1',
    'x-object-manifest': 'bucket/o',
    'x-symlink-target': 'bucket/other',
    'x-copy-from': 'bucket/other',
    'x-copy-from-account': own,
    'x-object-sysmeta-s3-tags': 'a=b',
    'x-versions-enabled': 'true',
    'x-container-meta-colour': 'red',
    'x-container-read': '.r:*',
    'x-container-write': '*:*',
    'x-container-sync-key': 'key',
    'x-versions-location': 'other',
    'x-timestamp': '1.00000',
    x_amz_acl: 'public-read',
    x_amz_copy_source: '/bucket/other',
    'if-none-match-x': '*',
  }
  assert.equal(await put('/bucket/new', foreign), 200)
  assert.equal(await put('/second', foreign, ''), 200)
  const account = await accountOf(member)
  const shown = async (path: string) => {
    const { headers } = await member.request('HEAD', `${account}${path}`)
    return [...headers].filter(([name, value]) => Object.keys(foreign).includes(name) || value === 'red').map(([name]) => name)
  }
  assert.deepEqual(await shown('/bucket/new'), ['x-timestamp'])
  assert.deepEqual(await shown('/second'), ['x-timestamp'])
  assert.equal((await member.request('GET', `${account}/bucket/new`)).text, 'text')
  for (const name of ['x-amz-meta-colour', 'x-amz-tagging', 'x-amz-storage-class', 'x-amz-nobody-knows'])
    assert.equal(await put('/bucket/new', { [name]: 'STANDARD' }), 403, name)
})

test('headers that stand in the query of a presigned address count as such, and are signed with it', async () => {
  const { cloud, call } = await withKey()
  await using _ = cloud
  await call('PUT', '/bucket', 200)
  const put = async (more: string, headers: Record<string, string> = {}) => {
    const answer = await fetch(presign(cloud.url, 'PUT', '/bucket/o', { more }), { method: 'PUT', headers, body: 'text' })
    return { status: answer.status, text: await answer.text() }
  }
  assert.equal((await put('x-amz-meta-colour=r%C3%BCd')).status, 200)
  const shown = await call('HEAD', '/bucket/o', 200)
  assert.equal(Buffer.from(shown.headers.get('x-amz-meta-colour')!, 'latin1').toString(), 'rüd')
  assert.equal((await put('x-amz-tagging=a%3Db')).status, 200)
  assert.match((await call('GET', '/bucket/o?tagging', 200)).text, /<Key>a<\/Key><Value>b</)
  for (const [more, status] of [
    ['x-amz-server-side-encryption=AES256', 501],
    ['X-Amz-Object-Lock-Mode=GOVERNANCE', 501],
    ['x-amz-storage-class=GLACIER', 400],
    ['x-amz-acl=public-read', 200],
    ['x-amz-acl=nothing', 400],
    ['x-amz-copy-source=%2Fnone%2Fo', 404],
    // The sum of no bytes, of which clients make addresses, says nothing of the body that comes.
    ['x-amz-checksum-crc32=AAAAAA%3D%3D', 200],
  ] as const)
    assert.equal((await put(more)).status, status, more)
  const changed = presign(cloud.url, 'PUT', '/bucket/o', { more: 'x-amz-tagging=a%3Db' }).replace('a%3Db', 'a%3Dc')
  assert.equal((await fetch(changed, { method: 'PUT', body: 'text' })).status, 403)
})
