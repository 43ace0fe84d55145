import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withKey } from '../../../testing/object-store/s3.ts'

const texts = (xml: string, name: string) => [...xml.matchAll(new RegExp(`<${name}>(.*?)</${name}>`, 'g'))].map((match) => match[1]!)
const versioning = (status: string) => ({ raw: `<VersioningConfiguration><Status>${status}</Status></VersioningConfiguration>` })

test('versions: every one can be listed, read and removed, and marks of removal too', async () => {
  const { cloud, call } = await withKey()
  await using _ = cloud
  await call('PUT', '/bucket', 200)
  await call('PUT', '/bucket/k', 200, { raw: 'null' })
  await call('PUT', '/bucket?versioning', 200, versioning('Enabled'))
  const put = async (raw: string) => (await call('PUT', '/bucket/k', 200, { raw })).headers.get('x-amz-version-id')!
  const first = await put('1')
  const second = await put('22')
  const gone = (await call('DELETE', '/bucket/k', 204)).headers
  const marker = gone.get('x-amz-version-id')!
  assert.equal(gone.get('x-amz-delete-marker'), 'true')
  const missing = await call('GET', '/bucket/k', 404)
  assert.deepEqual([missing.headers.get('x-amz-delete-marker'), missing.headers.get('x-amz-version-id')], ['true', marker])
  await call('GET', `/bucket/k?versionId=${marker}`, 405)
  await call('GET', '/bucket/k?versionId=1.00000', 404)
  await call('GET', '/bucket/k?versionId=wrong', 400)
  assert.equal((await call('GET', `/bucket/k?versionId=${first}`, 200)).text, '1')
  assert.equal((await call('GET', '/bucket/k?versionId=null', 200)).text, 'null')
  const all = (await call('GET', '/bucket?versions', 200)).text
  assert.deepEqual(texts(all, 'VersionId'), [marker, second, first, 'null'])
  assert.deepEqual(texts(all, 'IsLatest'), ['true', 'false', 'false', 'false'])
  // One at a time, from where the page before ended.
  const seen: string[] = []
  let from = ''
  for (let page = 0; page < 4; page++) {
    const { text } = await call('GET', `/bucket?versions&max-keys=1${from}`, 200)
    seen.push(...texts(text, 'VersionId'))
    assert.deepEqual(texts(text, 'IsTruncated'), [String(page < 3)])
    from = `&key-marker=${texts(text, 'NextKeyMarker')[0]}&version-id-marker=${texts(text, 'NextVersionIdMarker')[0]}`
  }
  assert.deepEqual(seen, [marker, second, first, 'null'])
  await call('PUT', '/bucket/dir%2Fx', 200, { raw: 'x' })
  assert.deepEqual(texts((await call('GET', '/bucket?versions&delimiter=%2F', 200)).text, 'Prefix').filter(Boolean), ['dir/'])
  await call('DELETE', '/bucket', 409)
  const undone = await call('DELETE', `/bucket/k?versionId=${marker}`, 204)
  assert.equal(undone.headers.get('x-amz-delete-marker'), 'true')
  assert.equal((await call('GET', '/bucket/k', 200)).text, '22')
  await call('DELETE', `/bucket/k?versionId=${second}`, 204)
  assert.equal((await call('GET', '/bucket/k', 200)).text, '1')
  const copied = await call('PUT', '/bucket/copy', 200, { headers: { 'x-amz-copy-source': '/bucket/k?versionId=null' } })
  assert.equal(copied.headers.get('x-amz-copy-source-version-id'), 'null')
  assert.equal(
    (await call('PUT', '/bucket/later', 200, { headers: { 'x-amz-copy-source': '/bucket/k' } })).headers.get(
      'x-amz-copy-source-version-id',
    ),
    first,
  )
  assert.equal((await call('GET', '/bucket/copy', 200)).text, 'null')
  const listed = (await call('GET', '/bucket?versions', 200)).text
  const objects = texts(listed, 'Key').map(
    (key, i) => `<Object><Key>${key}</Key><VersionId>${texts(listed, 'VersionId')[i]}</VersionId></Object>`,
  )
  const removed = await call('POST', '/bucket?delete', 200, { raw: `<Delete>${objects.join('')}</Delete>` })
  assert.equal(texts(removed.text, 'Deleted').length, objects.length)
  await call('DELETE', '/bucket', 204)
})

test('where versions are suspended there is one without a number, and those with one stay', async () => {
  const { cloud, member, call } = await withKey()
  await using _ = cloud
  await call('PUT', '/bucket', 200)
  await call('PUT', '/bucket?versioning', 200, versioning('Enabled'))
  await call('PUT', '/bucket/k', 200, { raw: 'kept' })
  await call('PUT', '/bucket?versioning', 200, versioning('Suspended'))
  for (const raw of ['n1', 'n2']) assert.equal((await call('PUT', '/bucket/k', 200, { raw })).headers.get('x-amz-version-id'), null)
  const listed = async () => texts((await call('GET', '/bucket?versions', 200)).text, 'VersionId')
  const [latest, kept, ...rest] = await listed()
  assert.deepEqual([latest, rest], ['null', []])
  assert.equal((await call('DELETE', '/bucket/k', 204)).headers.get('x-amz-version-id'), 'null')
  await call('DELETE', '/bucket/k', 204)
  await call('GET', '/bucket/k', 404)
  assert.deepEqual(await listed(), ['null', kept])
  assert.equal((await call('GET', `/bucket/k?versionId=${kept}`, 200)).text, 'kept')
  await call('PUT', '/bucket/k', 200, { raw: 'n3' })
  assert.deepEqual(await listed(), ['null', kept])
  for (const id of ['null', kept]) await call('DELETE', `/bucket/k?versionId=${id}`, 204)
  const { headers } = await member.request('HEAD', `/object-store/v1/AUTH_${member.login.projectId}/bucket`)
  assert.deepEqual([headers.get('x-container-object-count'), headers.get('x-container-bytes-used')], ['0', '0'])
  await call('DELETE', '/bucket', 204)
})
