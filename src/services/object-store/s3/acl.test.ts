import assert from 'node:assert/strict'
import { test } from 'node:test'
import { codeOf, type Options, withKey } from '../../../testing/object-store/s3.ts'
import { anonymous } from '../../../testing/object-store/store.ts'

const everybody = 'http://acs.amazonaws.com/groups/global/AllUsers'
const authenticated = 'http://acs.amazonaws.com/groups/global/AuthenticatedUsers'

/** The grants that an answer shows: whom, and what. */
const grantsIn = ({ text }: { text: string }) =>
  [...text.matchAll(/<Grant>.*?<(?:ID|URI)>([^<]*)<.*?<Permission>(\w+)<.*?<\/Grant>/g)].map(([, to, permission]) => `${to} ${permission}`)

const policy = (owner: string, ...grants: [grantee: string, permission: string][]) =>
  `<AccessControlPolicy><Owner><ID>${owner}</ID></Owner><AccessControlList>${grants
    .map(([grantee, permission]) => `<Grant><Grantee>${grantee}</Grantee><Permission>${permission}</Permission></Grant>`)
    .join('')}</AccessControlList></AccessControlPolicy>`

test('canned names are shown as the grants that they are, of buckets and of objects', async () => {
  const { cloud, member, call } = await withKey()
  await using _ = cloud
  const own = `${member.login.userId} FULL_CONTROL`
  const lists: Record<string, string[]> = {
    private: [own],
    'public-read': [`${everybody} READ`, own],
    'public-read-write': [`${everybody} READ`, `${everybody} WRITE`, own],
    'authenticated-read': [`${authenticated} READ`, own],
    'bucket-owner-read': [own],
    'bucket-owner-full-control': [own],
  }
  await call('PUT', '/kept', 200)
  await call('PUT', '/kept/o', 200, { raw: 'text' })
  assert.deepEqual(grantsIn(await call('GET', '/kept?acl', 200)), [own])
  assert.deepEqual(grantsIn(await call('GET', '/kept/o?acl', 200)), [own])
  for (const [name, shown] of Object.entries(lists)) {
    const headers = { 'x-amz-acl': name }
    await call('PUT', `/new-${name}`, 200, { headers })
    await call('PUT', `/new-${name}`, 200, { headers })
    await call('PUT', `/new-${name}/o`, 200, { raw: 'text', headers })
    const upload = /<UploadId>(\w+)</.exec((await call('POST', `/new-${name}/parts?uploads`, 200, { headers })).text)![1]
    const part = await call('PUT', `/new-${name}/parts?uploadId=${upload}&partNumber=1`, 200, { raw: 'part' })
    const raw = `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${part.headers.get('etag')}</ETag></Part></CompleteMultipartUpload>`
    await call('POST', `/new-${name}/parts?uploadId=${upload}`, 200, { raw })
    await call('PUT', `/new-${name}/copy`, 200, { headers: { ...headers, 'x-amz-copy-source': '/kept/o' } })
    await call('PUT', '/kept?acl', 200, { headers })
    await call('PUT', '/kept/o?acl', 200, { headers })
    for (const path of ['', '/o', '/parts', '/copy'])
      assert.deepEqual(grantsIn(await call('GET', `/new-${name}${path}?acl`, 200)), shown, name + path)
    for (const path of ['', '/o']) assert.deepEqual(grantsIn(await call('GET', `/kept${path}?acl`, 200)), shown, name + path)
  }
  // A copy has the list that it was given, not that of its source.
  await call('PUT', '/kept/o?acl', 200, { headers: { 'x-amz-acl': 'public-read' } })
  await call('PUT', '/kept/copy', 200, { headers: { 'x-amz-copy-source': '/kept/o' } })
  assert.deepEqual(grantsIn(await call('GET', '/kept/copy?acl', 200)), [own])
  // To make a bucket again with another list changes nothing.
  assert.equal(codeOf(await call('PUT', '/new-public-read', 409)), 'BucketAlreadyExists')
})

test('grants to users, projects and groups come by headers or XML, and what was shown can be put again', async () => {
  const { cloud, member, call } = await withKey()
  await using _ = cloud
  const other = await cloud.as('member', 'project-2')
  const [user, project] = [other.login.userId!, other.login.projectId!]
  const owner = member.login.userId!
  await call('PUT', '/bucket', 200, {
    headers: { 'x-amz-grant-read': `id="${user}", uri="${everybody}"`, 'x-amz-grant-write-acp': `id=${project}` },
  })
  const shown = await call('GET', '/bucket?acl', 200)
  assert.deepEqual(grantsIn(shown), [`${everybody} READ`, `${user} READ`, `${project} WRITE_ACP`])
  await call('PUT', '/bucket?acl', 200, { raw: shown.text })
  assert.deepEqual(grantsIn(await call('GET', '/bucket?acl', 200)), grantsIn(shown))
  await call('PUT', '/bucket/o', 200, { raw: 'text', headers: { 'x-amz-grant-full-control': `id="${user}"` } })
  assert.match((await call('GET', '/bucket/o?acl', 200)).text, new RegExp(`<ID>${user}</ID><DisplayName>[^<]+</DisplayName>`))
  // Nobody is left, and its project sets it all the same.
  await call('PUT', '/bucket?acl', 200, { raw: policy(owner) })
  assert.deepEqual(grantsIn(await call('GET', '/bucket?acl', 200)), [])
  await call('PUT', '/bucket?acl', 200, { raw: policy(owner, [`<ID>${owner}</ID>`, 'FULL_CONTROL']) })

  const id = `<ID>${user}</ID>`
  const refused: [options: Options, status: number, code: string][] = [
    [{ raw: policy(owner, ['<ID>_nobody</ID>', 'READ']) }, 400, 'InvalidArgument'],
    [{ raw: policy(owner, [`<ID>${'f'.repeat(32)}</ID>`, 'READ']) }, 400, 'InvalidArgument'],
    [{ raw: policy(owner, ['<EmailAddress>a@example.com</EmailAddress>', 'READ']) }, 501, 'NotImplemented'],
    [{ raw: policy(owner, ['<URI>http://example.com/group</URI>', 'READ']) }, 400, 'InvalidArgument'],
    [{ raw: policy(owner, ['<URI>http://acs.amazonaws.com/groups/s3/LogDelivery</URI>', 'WRITE']) }, 501, 'NotImplemented'],
    [{ raw: policy(owner, ['', 'READ']) }, 400, 'MalformedACLError'],
    [{ raw: policy(owner, [`${id}<URI>${everybody}</URI>`, 'READ']) }, 400, 'MalformedACLError'],
    [{ raw: policy(owner, [id, 'EVERYTHING']) }, 400, 'MalformedACLError'],
    [{ raw: policy(owner, ...Array.from({ length: 101 }, (): [string, string] => [id, 'READ'])) }, 400, 'MalformedACLError'],
    [{ raw: policy(user, [id, 'READ']) }, 403, 'AccessDenied'],
    [{ raw: '<AccessControlPolicy/>' }, 400, 'MalformedACLError'],
    [{ raw: 'text' }, 400, 'MalformedXML'],
    [{}, 400, 'MissingSecurityHeader'],
    [{ headers: { 'x-amz-acl': 'public-ready' } }, 400, 'InvalidArgument'],
    [{ headers: { 'x-amz-acl': 'log-delivery-write' } }, 501, 'NotImplemented'],
    [{ headers: { 'x-amz-acl': 'private', 'x-amz-grant-read': `id=${user}` } }, 400, 'InvalidRequest'],
    [{ headers: { 'x-amz-acl': 'private' }, raw: policy(owner) }, 400, 'UnexpectedContent'],
    [{ headers: { 'x-amz-grant-read': `id="${' '.repeat(100)}"x` } }, 400, 'InvalidArgument'],
    [{ headers: { 'x-amz-grant-read': user } }, 400, 'InvalidArgument'],
    [{ headers: { 'x-amz-grant-read': 'emailAddress=a@example.com' } }, 501, 'NotImplemented'],
    [{ headers: { 'x-amz-grant-read': Array(101).fill(`id=${user}`).join() } }, 400, 'MalformedACLError'],
  ]
  for (const path of ['/bucket?acl', '/bucket/o?acl'])
    for (const [options, status, code] of refused)
      assert.equal(codeOf(await call('PUT', path, status, options)), code, `${path} ${JSON.stringify(options).slice(0, 200)}`)
  assert.deepEqual(grantsIn(await call('GET', '/bucket?acl', 200)), [`${owner} FULL_CONTROL`])
  assert.deepEqual(grantsIn(await call('GET', '/bucket/o?acl', 200)), [`${user} FULL_CONTROL`])
  // A refused list leaves no object and no upload.
  await call('PUT', '/bucket/new', 400, { raw: 'x', headers: { 'x-amz-grant-read': 'id=_nobody' } })
  await call('POST', '/bucket/new?uploads', 400, { headers: { 'x-amz-acl': 'nothing' } })
  await call('HEAD', '/bucket/new', 404)
  await call('PUT', '/new-bucket', 400, { headers: { 'x-amz-acl': 'nothing' } })
  await call('HEAD', '/new-bucket', 404)
})

test('each version has its list, and a new list is no new object', async () => {
  const { cloud, member, call } = await withKey()
  await using _ = cloud
  await call('PUT', '/bucket', 200)
  await call('PUT', '/bucket?versioning', 200, { raw: '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>' })
  const first = (await call('PUT', '/bucket/o', 200, { raw: '1', headers: { 'x-amz-meta-a': 'b', 'x-amz-tagging': 'c=d' } })).headers.get(
    'x-amz-version-id',
  )
  const before = (await call('HEAD', '/bucket/o', 200)).headers
  await call('PUT', '/bucket/o', 200, { raw: '2' })
  const open = { headers: { 'x-amz-acl': 'public-read' } }
  await call('PUT', `/bucket/o?acl&versionId=${first}`, 200, open)
  const own = `${member.login.userId} FULL_CONTROL`
  const shown = async (path: string) => grantsIn(await call('GET', path, 200))
  assert.deepEqual(await shown(`/bucket/o?acl&versionId=${first}`), [`${everybody} READ`, own])
  assert.deepEqual(await shown('/bucket/o?acl'), [own])
  const get = (path: string, expected: number) => anonymous(cloud, 'GET', `/object-store${path}`, { expected })
  assert.equal((await get(`/bucket/o?versionId=${first}`, 200)).text, '1')
  await get('/bucket/o', 403)
  const after = (await call('HEAD', `/bucket/o?versionId=${first}`, 200)).headers
  for (const name of ['etag', 'last-modified', 'x-amz-version-id', 'x-amz-meta-a', 'x-amz-tagging-count'])
    assert.equal(after.get(name), before.get(name), name)
  await call('PUT', '/bucket/o?acl', 200, open)
  await call('PUT', `/bucket/o?acl&versionId=${first}`, 200, { headers: { 'x-amz-acl': 'private' } })
  assert.equal((await get('/bucket/o', 200)).text, '2')
  await get(`/bucket/o?versionId=${first}`, 403)
  await call('PUT', '/bucket/o?acl&versionId=1.00000', 404, open)
  await call('PUT', '/bucket/none?acl', 404, open)
  await call('DELETE', '/bucket/o', 204)
  assert.equal(codeOf(await call('GET', '/bucket/o?acl', 404)), 'NoSuchKey')
  // A bucket in which everybody may list tells them what is not there; in others nobody learns it.
  await get('/bucket/o', 403)
  await call('PUT', '/bucket?acl', 200, open)
  assert.equal(codeOf(await get('/bucket/o', 404)), 'NoSuchKey')
})

test('where the owner of the bucket owns all, lists are neither set nor of effect', async () => {
  const { cloud, member, call } = await withKey()
  await using _ = cloud
  const open = { 'x-amz-acl': 'public-read' }
  const rule = (ownership: string) => ({
    raw: `<OwnershipControls><Rule><ObjectOwnership>${ownership}</ObjectOwnership></Rule></OwnershipControls>`,
  })
  const enforced = { 'x-amz-object-ownership': 'BucketOwnerEnforced' }
  await call('PUT', '/closed', 200, { headers: enforced })
  assert.match((await call('GET', '/closed?ownershipControls', 200)).text, /<Rule><ObjectOwnership>BucketOwnerEnforced</)
  for (const [method, path] of [
    ['PUT', '/closed?acl'],
    ['PUT', '/closed/o'],
    ['POST', '/closed/o?uploads'],
  ] as const)
    assert.equal(codeOf(await call(method, path, 400, { headers: open })), 'AccessControlListNotSupported', path)
  await call('PUT', '/closed/o', 200, { raw: 'text', headers: { 'x-amz-acl': 'bucket-owner-full-control' } })
  assert.equal(codeOf(await call('PUT', '/closed/o?acl', 400, { headers: open })), 'AccessControlListNotSupported')
  assert.equal(codeOf(await call('PUT', '/new', 400, { headers: { ...enforced, ...open } })), 'InvalidBucketAclWithObjectOwnership')
  assert.equal(codeOf(await call('PUT', '/new', 400, { headers: { 'x-amz-object-ownership': 'Nobody' } })), 'InvalidArgument')

  await call('PUT', '/bucket', 200, { headers: open })
  assert.equal(codeOf(await call('GET', '/bucket?ownershipControls', 404)), 'OwnershipControlsNotFoundError')
  await call('PUT', '/bucket/o', 200, { raw: 'text', headers: open })
  assert.equal(
    codeOf(await call('PUT', '/bucket?ownershipControls', 400, rule('BucketOwnerEnforced'))),
    'InvalidBucketAclWithObjectOwnership',
  )
  await call('PUT', '/bucket?acl', 200, { headers: { 'x-amz-acl': 'private' } })
  const get = (expected: number) => anonymous(cloud, 'GET', '/object-store/bucket/o', { expected })
  await get(200)
  await call('PUT', '/bucket?ownershipControls', 200, rule('BucketOwnerEnforced'))
  await get(403)
  assert.deepEqual(grantsIn(await call('GET', '/bucket/o?acl', 200)), [`${member.login.userId} FULL_CONTROL`])
  for (const raw of ['', '<x/>', rule('Nobody').raw, '<OwnershipControls/>'])
    assert.equal(codeOf(await call('PUT', '/bucket?ownershipControls', 400, { raw })), 'MalformedXML', raw)
  await call('DELETE', '/bucket?ownershipControls', 204)
  await call('DELETE', '/bucket?ownershipControls', 204)
  await get(200)
})
