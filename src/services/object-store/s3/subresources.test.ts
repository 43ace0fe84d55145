import assert from 'node:assert/strict'
import { test } from 'node:test'
import { codeOf, withKey } from '../../../testing/object-store/s3.ts'

/** Sub-resources of Amazon's, with the methods by which it has them. */
const ofBuckets: Record<string, string> = {
  abac: 'GET PUT',
  accelerate: 'GET PUT',
  acl: 'GET PUT',
  analytics: 'GET PUT DELETE',
  cors: 'GET PUT DELETE',
  delete: 'POST',
  encryption: 'GET PUT DELETE',
  'intelligent-tiering': 'GET PUT DELETE',
  inventory: 'GET PUT DELETE',
  lifecycle: 'GET PUT DELETE',
  location: 'GET',
  logging: 'GET PUT',
  metadataConfiguration: 'GET POST DELETE',
  metadataTable: 'GET POST DELETE',
  metrics: 'GET PUT DELETE',
  notification: 'GET PUT',
  'object-lock': 'GET PUT',
  ownershipControls: 'GET PUT DELETE',
  policy: 'GET PUT DELETE',
  policyStatus: 'GET',
  publicAccessBlock: 'GET PUT DELETE',
  replication: 'GET PUT DELETE',
  requestPayment: 'GET PUT',
  session: 'GET',
  tagging: 'GET PUT DELETE',
  uploads: 'GET',
  versioning: 'GET PUT',
  versions: 'GET',
  website: 'GET PUT DELETE',
}
const ofObjects: Record<string, string> = {
  acl: 'GET PUT',
  attributes: 'GET',
  encryption: 'PUT',
  'legal-hold': 'GET PUT',
  partNumber: 'GET HEAD PUT',
  renameObject: 'PUT',
  restore: 'POST',
  retention: 'GET PUT',
  select: 'POST',
  tagging: 'GET PUT DELETE',
  torrent: 'GET',
  uploadId: 'GET PUT POST DELETE',
  uploads: 'POST',
  versionId: 'GET HEAD PUT DELETE',
}
const methods = ['GET', 'HEAD', 'PUT', 'POST', 'DELETE']

test('a sub-resource of something else, or by a method that it has not, is never taken for the bucket or object itself', async () => {
  const { cloud, call } = await withKey()
  await using _ = cloud
  for (const name of ['/bucket', '/empty']) await call('PUT', name, 200)
  await call('PUT', '/bucket/o', 200, { raw: 'text' })
  for (const name of new Set([...Object.keys(ofBuckets), ...Object.keys(ofObjects)]))
    for (const method of methods) {
      const raw = method === 'PUT' || method === 'POST' ? '<x/>' : ''
      const refused = async (path: string, has: string | undefined, hasElsewhere: boolean) => {
        if (has?.split(' ').includes(method)) return
        const bare = has === undefined && hasElsewhere
        const answer = await call(method, `${path}?${name}`, bare ? 400 : 405, { raw })
        if (method !== 'HEAD') assert.equal(codeOf(answer), bare ? 'InvalidRequest' : 'MethodNotAllowed', `${method} ${path}?${name}`)
        if (has) assert.equal(answer.headers.get('allow'), has.replaceAll(' ', ', '))
      }
      await refused('/empty', ofBuckets[name], true)
      await refused('/bucket/o', ofObjects[name], false)
      if (method === 'PUT' && !(name in ofObjects)) await refused('/bucket/new', undefined, false)
    }
  await call('HEAD', '/empty', 200)
  await call('HEAD', '/bucket/new', 404)
  assert.equal((await call('GET', '/bucket/o', 200)).text, 'text')
})

test('what is not built says so by the methods that Amazon has, and no object has a lock', async () => {
  const { cloud, call } = await withKey()
  await using _ = cloud
  await call('PUT', '/bucket', 200)
  await call('PUT', '/bucket/o', 200, { raw: 'text' })
  for (const path of ['/bucket?lifecycle', '/bucket?policy', '/bucket?analytics&id=1', '/bucket?notification', '/bucket/o?encryption'])
    assert.equal(codeOf(await call('PUT', path, 501, { raw: '<x/>' })), 'NotImplemented')
  for (const path of ['/bucket/o?torrent', '/bucket?inventory', '/bucket?session'])
    assert.equal(codeOf(await call('GET', path, 501)), 'NotImplemented')
  for (const path of ['/bucket/o?select&select-type=2', '/bucket/o?restore', '/bucket?metadataTable'])
    assert.equal(codeOf(await call('POST', path, 501, { raw: '<x/>' })), 'NotImplemented')
  for (const name of ['legal-hold', 'retention']) {
    assert.equal(codeOf(await call('GET', `/bucket/o?${name}`, 400)), 'InvalidRequest')
    assert.equal(codeOf(await call('PUT', `/bucket/o?${name}`, 400, { raw: '<x/>' })), 'InvalidRequest')
    assert.equal(codeOf(await call('GET', `/bucket/none?${name}`, 404)), 'NoSuchKey')
  }
  assert.equal(codeOf(await call('PUT', '/bucket/o?versionId=null', 400, { raw: 'x' })), 'InvalidArgument')
  assert.equal(codeOf(await call('PUT', '/bucket/o?partNumber=1', 400, { raw: 'x' })), 'InvalidArgument')
  assert.equal((await call('GET', '/bucket/o', 200)).text, 'text')
  const status = (more: string) => `<VersioningConfiguration><Status>Enabled</Status>${more}</VersioningConfiguration>`
  await call('PUT', '/bucket?versioning', 501, { raw: status('<MfaDelete>Enabled</MfaDelete>') })
  await call('PUT', '/bucket?versioning', 200, { raw: status('<MfaDelete>Disabled</MfaDelete>') })
  await call('PUT', '/new', 501, { raw: '<CreateBucketConfiguration><Bucket><Type>Directory</Type></Bucket></CreateBucketConfiguration>' })
  await call('HEAD', '/new', 404)
})

test('headers that ask for what is not built are refused, whatever the request', async () => {
  const { cloud, call } = await withKey()
  await using _ = cloud
  await call('PUT', '/bucket', 200)
  await call('PUT', '/bucket/o', 200, { raw: 'text' })
  const refused = {
    'x-amz-server-side-encryption': 'AES256',
    'x-amz-server-side-encryption-aws-kms-key-id': 'k',
    'x-amz-server-side-encryption-context': 'c',
    'x-amz-server-side-encryption-bucket-key-enabled': 'true',
    'x-amz-server-side-encryption-customer-algorithm': 'AES256',
    'x-amz-server-side-encryption-customer-key': 'k',
    'x-amz-copy-source-server-side-encryption-customer-key': 'k',
    'x-amz-object-lock-mode': 'GOVERNANCE',
    'x-amz-object-lock-retain-until-date': '2030-01-01T00:00:00Z',
    'x-amz-object-lock-legal-hold': 'ON',
    'x-amz-website-redirect-location': '/x',
    'x-amz-mfa': '1 2',
    'x-amz-write-offset-bytes': '4',
    'x-amz-bucket-object-lock-enabled': 'true',
  }
  for (const [name, value] of Object.entries(refused)) {
    const headers = { [name]: value }
    for (const [method, path] of [
      ['PUT', '/bucket/new'],
      ['POST', '/bucket/new?uploads'],
      ['GET', '/bucket/o'],
      ['PUT', '/new'],
    ] as const)
      assert.equal(codeOf(await call(method, path, 501, { headers })), 'NotImplemented', name)
  }
  const put = async (headers: Record<string, string>) => codeOf(await call('PUT', '/bucket/new', 400, { raw: 'x', headers }))
  assert.equal(await put({ 'x-amz-storage-class': 'GLACIER' }), 'InvalidStorageClass')
  assert.equal(await put({ 'x-amz-server-side-encryption': 'AES192' }), 'InvalidArgument')
  assert.equal(await put({ 'x-amz-checksum-md4': 'x' }), 'InvalidRequest')
  await call('HEAD', '/bucket/new', 404)
  await call('HEAD', '/new', 404)
  const harmless = {
    'x-amz-storage-class': 'STANDARD',
    'x-amz-request-payer': 'requester',
    'x-amz-security-token': 't',
    'x-amz-user-agent': 'a',
    'x-amz-bypass-governance-retention': 'true',
    'x-amz-bucket-object-lock-enabled': 'false',
    'x-amz-object-ownership': 'BucketOwnerEnforced',
    'x-amz-nobody-knows': 'it',
  }
  await call('PUT', '/bucket/new', 200, { raw: 'x', headers: harmless })
})
