import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { codeOf, withKey } from '../../testing/object-store/s3.ts'
import { anonymous, withContainer } from '../../testing/object-store/store.ts'
import { tarHead } from '../../testing/tar.ts'
import { testCloud } from '../../testing/test-cloud.ts'

/** An archive of one empty file of that name, told by an extended header. */
function archive(path: string): Buffer {
  const length = path.length + 9
  const record = Buffer.alloc(512)
  record.write(`${length} path=${path}\n`, 0)
  return Buffer.concat([tarHead('x', 'x', length), record, tarHead('short', '0', 0), Buffer.alloc(1024)])
}

test('security-13: a name with a NUL is refused whatever way it comes', async () => {
  await using cloud = await testCloud()
  const { at, call, member, account } = await withContainer(cloud, 'c', { 'x-container-meta-temp-url-key': 'key' })
  await call('PUT', 'o', 201, { raw: 'text' })
  const refused: [string, string, Record<string, string>][] = [
    ['COPY', 'o', { destination: 'c/a%00b' }],
    ['COPY', 'o', { destination: 'c%00/a' }],
    ['COPY', 'o', { destination: 'c/a', 'destination-account': 'AUTH_%00' }],
    ['PUT', 'p', { 'x-copy-from': 'c/a%00b' }],
    ['PUT', 'p', { 'x-copy-from': 'c/o', 'x-copy-from-account': 'AUTH_%00' }],
    ['PUT', 'p', { 'x-symlink-target': 'c/a%00b' }],
    ['PUT', 'p', { 'x-symlink-target': 'c/o', 'x-symlink-target-account': 'AUTH_%00' }],
    ['POST', '', { 'x-versions-location': 'a%00b' }],
    ['POST', '', { 'x-history-location': 'a%00b' }],
  ]
  for (const [method, name, headers] of refused) await call(method, name, 412, { headers })
  await call('PUT', 'p', 400, { headers: { 'x-object-manifest': 'c/a%00b' } })
  const manifest = JSON.stringify([{ path: '/c/a\u0000b' }])
  await call('PUT', 'slo?multipart-manifest=put', 400, { raw: manifest })
  const json = { accept: 'application/json' }
  const removed = await member.request('POST', `${account}?bulk-delete`, {
    raw: 'c/a%00b\nc/a\u0000b\nc%00\nc/o',
    headers: json,
    expected: 200,
  })
  assert.deepEqual([removed.body['Number Deleted'], removed.body.Errors.length], [1, 3])
  const stored = await member.request('PUT', `${account}?extract-archive=tar`, { raw: archive('c/a\0b'), headers: json, expected: 200 })
  assert.deepEqual(
    [stored.body['Number Files Created'], stored.body.Errors.map(([, fault]: string[]) => fault)],
    [0, ['412 Precondition Failed']],
  )
  const made = await member.request('PUT', `${account}?extract-archive=tar`, { raw: archive('d\0/a'), headers: json, expected: 200 })
  assert.equal(made.body['Number Files Created'], 0)
  const fields = { redirect: '', max_file_size: '9', max_file_count: '1', expires: '9999999999' }
  const signature = createHmac('sha256', 'key')
    .update([at('').replace('/object-store', ''), ...Object.values(fields)].join('\n'))
    .digest('hex')
  const parts = Object.entries({ ...fields, signature }).map(
    ([name, value]) => `--x\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  )
  const raw = `${parts.join('')}--x\r\nContent-Disposition: form-data; name="f"; filename="a\0b"\r\n\r\ntext\r\n--x--\r\n`
  await anonymous(cloud, 'POST', at(''), { raw, headers: { 'content-type': 'multipart/form-data; boundary=x' }, expected: 412 })
  assert.equal((await call('GET', '', 204)).text, '')
  assert.equal((await member.get(account)).text, 'c\n')
  // Between names it is a place.
  await call('GET', '?marker=a%00', 204)
})

test('security-13: S3 knows no names and no places with a NUL', async () => {
  const { cloud, call } = await withKey()
  await using _ = cloud
  await call('PUT', '/bucket', 200)
  const token = Buffer.from('a\0').toString('base64url')
  for (const query of ['prefix=%00', 'start-after=%00&list-type=2', 'versions&key-marker=%00']) await call('GET', `/bucket?${query}`, 400)
  for (const query of ['marker=%00', `continuation-token=${token}&list-type=2`])
    assert.equal(codeOf(await call('GET', `/bucket?${query}`, 400)), 'InvalidArgument')
  for (const source of ['/bucket/a%00b', '/buck%00et/o'])
    assert.equal(codeOf(await call('PUT', '/bucket/copy', 400, { headers: { 'x-amz-copy-source': source } })), 'InvalidArgument')
})
