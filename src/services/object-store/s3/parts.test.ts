import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { crc32 } from 'node:zlib'
import { codeOf, withKey } from '../../../testing/object-store/s3.ts'
import { crc32c, crc64nvme } from './crc.ts'

const word = (value: number) => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
const sums: Record<string, (data: Buffer) => Buffer> = {
  CRC32: (data) => word(crc32(data)),
  CRC32C: (data) => word(crc32c(data)),
  CRC64NVME: (data) => {
    const { high, low } = crc64nvme(data)
    return Buffer.concat([word(high), word(low)])
  },
  SHA1: (data) => createHash('sha1').update(data).digest(),
  SHA256: (data) => createHash('sha256').update(data).digest(),
}
const parts = [Buffer.alloc(5 * 1024 * 1024, 'first'), Buffer.alloc(5 * 1024 * 1024 + 7, 'second'), Buffer.from('third')]

type Call = Awaited<ReturnType<typeof withKey>>['call']

/** Uploads the parts, some with their sums and some without, and finishes with `headers`. */
async function upload(call: Call, begin: Record<string, string>, expected = 200, finish: Record<string, string> = {}, bring = true) {
  const begun = await call('POST', '/bucket/big?uploads', 200, { headers: begin })
  const id = /<UploadId>(\w+)</.exec(begun.text)![1]!
  const algorithm = begun.headers.get('x-amz-checksum-algorithm')
  const listed: string[] = []
  for (const [index, raw] of parts.entries()) {
    const name = algorithm && `x-amz-checksum-${algorithm.toLowerCase()}`
    const headers: Record<string, string> = name && bring ? { [name]: sums[algorithm]!(raw).toString('base64') } : {}
    const put = await call('PUT', `/bucket/big?partNumber=${index + 1}&uploadId=${id}`, 200, { raw, headers })
    const sum = name ? `<Checksum${algorithm}>${put.headers.get(name)}</Checksum${algorithm}>` : ''
    listed.push(`<Part><PartNumber>${index + 1}</PartNumber><ETag>${put.headers.get('etag')}</ETag>${sum}</Part>`)
  }
  const raw = `<CompleteMultipartUpload>${listed.join('')}</CompleteMultipartUpload>`
  const done = await call('POST', `/bucket/big?uploadId=${id}`, expected, { raw, headers: finish })
  return { begun, done }
}

test('uploads in parts: every algorithm, of sums and of the whole', async () => {
  const { cloud, call } = await withKey()
  await using _ = cloud
  await call('PUT', '/bucket', 200)
  for (const [algorithm, type] of [
    ['CRC32', 'COMPOSITE'],
    ['CRC32', 'FULL_OBJECT'],
    ['CRC32C', 'COMPOSITE'],
    ['CRC32C', 'FULL_OBJECT'],
    ['CRC64NVME', 'FULL_OBJECT'],
    ['SHA1', 'COMPOSITE'],
    ['SHA256', 'COMPOSITE'],
  ] as const) {
    const of = sums[algorithm]!
    const full = of(Buffer.concat(parts)).toString('base64')
    const whole = type === 'FULL_OBJECT' ? full : `${of(Buffer.concat(parts.map(of))).toString('base64')}-3`
    const name = `x-amz-checksum-${algorithm.toLowerCase()}`
    const begin = { 'x-amz-checksum-algorithm': algorithm, 'x-amz-checksum-type': type }
    const what = `${algorithm} ${type}`
    const bad = await upload(call, begin, 400, { [name]: of(Buffer.from('other')).toString('base64') })
    assert.equal(codeOf(bad.done), 'BadDigest', what)
    const wrong = await upload(call, begin, 400, { 'x-amz-checksum-type': type === 'COMPOSITE' ? 'FULL_OBJECT' : 'COMPOSITE' })
    assert.equal(codeOf(wrong.done), 'InvalidRequest', what)
    // Where parts come without their sums, they are made here.
    const { done } = await upload(call, begin, 200, { [name]: whole, 'x-amz-checksum-type': type }, type === 'COMPOSITE')
    assert.ok(done.text.includes(`<Checksum${algorithm}>${whole}</Checksum${algorithm}><ChecksumType>${type}</ChecksumType>`), what)
    const head = async (query: string) =>
      (await call('HEAD', `/bucket/big${query}`, query ? 206 : 200, { headers: { 'x-amz-checksum-mode': 'ENABLED' } })).headers
    const all = await head('')
    assert.deepEqual([all.get(name), all.get('x-amz-checksum-type')], [whole, type], what)
    const second = await head('?partNumber=2')
    assert.deepEqual([second.get(name), second.get('x-amz-checksum-type')], [of(parts[1]!).toString('base64'), type], what)
  }
  for (const [algorithm, type] of [
    ['SHA256', 'FULL_OBJECT'],
    ['CRC64NVME', 'COMPOSITE'],
    ['CRC32', 'OTHER'],
    ['MD5', 'COMPOSITE'],
  ] as const) {
    const headers = { 'x-amz-checksum-algorithm': algorithm, 'x-amz-checksum-type': type }
    assert.equal(codeOf(await call('POST', '/bucket/big?uploads', 400, { headers })), 'InvalidRequest')
  }
  const id = /<UploadId>(\w+)</.exec(
    (await call('POST', '/bucket/o?uploads', 200, { headers: { 'x-amz-checksum-algorithm': 'CRC32' } })).text,
  )![1]!
  const other = { 'x-amz-checksum-sha1': sums.SHA1!(Buffer.from('x')).toString('base64') }
  assert.equal(codeOf(await call('PUT', `/bucket/o?partNumber=1&uploadId=${id}`, 400, { raw: 'x', headers: other })), 'InvalidRequest')
})

test('parts of what was uploaded in parts can be read and listed, by pages', async () => {
  const { cloud, call } = await withKey()
  await using _ = cloud
  await call('PUT', '/bucket', 200)
  await call('PUT', '/bucket?versioning', 200, { raw: '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>' })
  const { done } = await upload(call, { 'x-amz-checksum-algorithm': 'SHA256' })
  const version = done.headers.get('x-amz-version-id')
  assert.ok(version)
  const third = await call('GET', '/bucket/big?partNumber=3', 206)
  assert.deepEqual([third.text, third.headers.get('x-amz-mp-parts-count')], ['third', '3'])
  for (const [query, code] of [
    ['partNumber=4', 'InvalidPart'],
    ['partNumber=0', 'InvalidArgument'],
    ['partNumber=x', 'InvalidArgument'],
    ['partNumber=10001', 'InvalidArgument'],
  ] as const)
    assert.equal(codeOf(await call('GET', `/bucket/big?${query}`, 400)), code, query)
  assert.equal(codeOf(await call('GET', '/bucket/big?partNumber=1', 400, { headers: { range: 'bytes=0-1' } })), 'InvalidRequest')
  await call('PUT', '/bucket/small', 200, { raw: 'text' })
  const only = await call('GET', '/bucket/small?partNumber=1', 206)
  assert.deepEqual([only.text, only.headers.get('content-range')], ['text', 'bytes 0-3/4'])
  assert.equal(codeOf(await call('GET', '/bucket/small?partNumber=2', 400)), 'InvalidPart')

  const attributes = async (more: Record<string, string>, names = 'ETag,Checksum,ObjectParts,StorageClass,ObjectSize') =>
    call('GET', `/bucket/big?attributes&versionId=${version}`, 200, { headers: { 'x-amz-object-attributes': names, ...more } })
  const page = await attributes({ 'x-amz-max-parts': '1', 'x-amz-part-number-marker': '1' })
  assert.equal(page.headers.get('x-amz-version-id'), version)
  const sum = sums.SHA256!(parts[1]!).toString('base64')
  assert.match(
    page.text,
    /<PartsCount>3<\/PartsCount><PartNumberMarker>1<\/PartNumberMarker><NextPartNumberMarker>2<\/NextPartNumberMarker><MaxParts>1<\/MaxParts><IsTruncated>true</,
  )
  assert.ok(
    page.text.includes(`<Part><PartNumber>2</PartNumber><Size>${parts[1]!.length}</Size><ChecksumSHA256>${sum}</ChecksumSHA256></Part>`),
  )
  assert.equal((await attributes({})).text.match(/<Part>/g)?.length, 3)
  await call('GET', '/bucket/big?attributes', 400, { headers: { 'x-amz-object-attributes': 'Other' } })

  const id = /<UploadId>(\w+)</.exec((await call('POST', '/bucket/o?uploads', 200, {})).text)![1]!
  const copy = async (expected: number, range: string) =>
    call('PUT', `/bucket/o?partNumber=1&uploadId=${id}`, expected, {
      headers: { 'x-amz-copy-source': '/bucket/small', 'x-amz-copy-source-range': range },
    })
  assert.equal(codeOf(await copy(416, 'bytes=0-4')), 'InvalidRange')
  for (const range of ['bytes=3-1', '0-1', 'bytes=0-', 'bytes=0-1,2-3'])
    assert.equal(codeOf(await copy(400, range)), 'InvalidArgument', range)
  await copy(200, 'bytes=0-3')
})
