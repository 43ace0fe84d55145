// Whom S3's grants let in, and what they leave closed: every operation, and every way to the bytes of an object.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { accountOf, anonymous } from '../testing.ts'
import { addKey, codeOf, type Options, signed, withKey } from './testing.ts'

const everybody = 'uri="http://acs.amazonaws.com/groups/global/AllUsers"'
const authenticated = 'uri="http://acs.amazonaws.com/groups/global/AuthenticatedUsers"'
const permissions = ['read', 'write', 'read-acp', 'write-acp', 'full-control'] as const
const list = '<AccessControlPolicy><AccessControlList></AccessControlList></AccessControlPolicy>'

type Key = Pick<Options, 'access' | 'secret'>
const theirs: Key = { access: 'AKOTHER', secret: 'O' }
const thirds: Key = { access: 'AKTHIRD', secret: 'T' }

/** A cloud with three projects whose members have keys; `send` sends as one of them, or, for null, as nobody. */
async function withThree() {
  const made = await withKey()
  const { cloud } = made
  const other = await cloud.as('member', 'project-2')
  await addKey(other, theirs.access!, theirs.secret!)
  const third = await cloud.as('member', 'project-3')
  await addKey(third, thirds.access!, thirds.secret!)
  const send = async (as: Key | null, method: string, path: string, options: Options = {}) => {
    if (as) return signed(cloud, method, path, { ...options, ...as })
    return anonymous(cloud, method, `/object-store${path}`, { headers: options.headers, raw: options.raw as string })
  }
  return { ...made, other, third, send }
}

interface Case {
  method: string
  path: string
  by: string[]
  options?: Options
}

test('security-18: a grant opens what it says to whom it names, and nothing else to anybody', async () => {
  const { cloud, other, call, send } = await withThree()
  await using _ = cloud
  const uploads = { method: 'POST', path: '/bkt/u?uploads', by: ['write'] }
  const ofBuckets: Case[] = [
    { method: 'HEAD', path: '/bkt', by: ['read'] },
    { method: 'GET', path: '/bkt', by: ['read'] },
    { method: 'GET', path: '/bkt?versions', by: ['read'] },
    { method: 'GET', path: '/bkt?uploads', by: ['read'] },
    { method: 'PUT', path: '/bkt/new', by: ['write'], options: { raw: 'x' } },
    { method: 'POST', path: '/bkt?delete', by: ['write'], options: { raw: '<Delete><Object><Key>none</Key></Object></Delete>' } },
    { method: 'DELETE', path: '/bkt/none', by: ['write'] },
    uploads,
    { method: 'GET', path: '/bkt?acl', by: ['read-acp'] },
    { method: 'PUT', path: '/bkt?acl', by: ['write-acp'], options: { raw: list } },
    { method: 'GET', path: '/bkt?tagging', by: [] },
    { method: 'PUT', path: '/bkt?tagging', by: [], options: { raw: '<Tagging><TagSet/></Tagging>' } },
    { method: 'GET', path: '/bkt?ownershipControls', by: [] },
    { method: 'DELETE', path: '/bkt?ownershipControls', by: [] },
    {
      method: 'PUT',
      path: '/bkt?versioning',
      by: [],
      options: { raw: '<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>' },
    },
    { method: 'GET', path: '/bkt/o', by: [] },
    { method: 'GET', path: '/bkt/o?acl', by: [] },
    { method: 'PUT', path: '/bkt/o?acl', by: [], options: { raw: list } },
    { method: 'DELETE', path: '/bkt', by: [] },
  ]
  const ofObjects: Case[] = [
    { method: 'GET', path: '/bkt/o', by: ['read'] },
    { method: 'HEAD', path: '/bkt/o', by: ['read'] },
    { method: 'GET', path: '/bkt/o?versionId=null', by: ['read'] },
    { method: 'GET', path: '/bkt/o?attributes', by: ['read'], options: { headers: { 'x-amz-object-attributes': 'ETag' } } },
    { method: 'GET', path: '/bkt/o?acl', by: ['read-acp'] },
    { method: 'PUT', path: '/bkt/o?acl', by: ['write-acp'], options: { raw: list } },
    { method: 'GET', path: '/bkt/o?tagging', by: [] },
    { method: 'PUT', path: '/bkt/o?tagging', by: [], options: { raw: '<Tagging><TagSet/></Tagging>' } },
    { method: 'PUT', path: '/bkt/o', by: [], options: { raw: 'x' } },
    { method: 'DELETE', path: '/bkt/o', by: [] },
    { method: 'GET', path: '/bkt/other', by: [] },
    { method: 'GET', path: '/bkt/none', by: [] },
    { method: 'GET', path: '/bkt', by: [] },
    { method: 'GET', path: '/bkt?acl', by: [] },
  ]
  const askers: [name: string, as: Key | null][] = [
    ['named', theirs],
    ['third', thirds],
    ['nobody', null],
  ]
  const grantees: [to: string, lets: string[]][] = [
    [`id=${other.login.userId}`, ['named']],
    [`id=${other.login.projectId}`, ['named']],
    [authenticated, ['named', 'third']],
    [everybody, ['named', 'third', 'nobody']],
  ]
  await call('PUT', '/bkt', 200)
  await call('PUT', '/bkt/other', 200, { raw: 'text' })
  // To whom a grant is given and what it is are apart: all pairs of them tell no more.
  for (const [resource, cases] of [
    ['/bkt', ofBuckets],
    ['/bkt/o', ofObjects],
  ] as const)
    for (const permission of permissions)
      for (const [to, lets] of permission === 'read' || permission === 'full-control' ? grantees : grantees.slice(0, 1)) {
        const grant = { headers: { [`x-amz-grant-${permission}`]: to } }
        await call('PUT', '/bkt/o', 200, { raw: 'text' })
        await call('PUT', `${resource}?acl`, 200, grant)
        for (const { method, path, by, options } of cases)
          for (const [name, as] of askers) {
            const { status, text } = await send(as, method, path, options)
            const may = lets.includes(name) && by.length > 0 && (by.includes(permission) || permission === 'full-control')
            const what = `${permission} of ${resource} to ${to}: ${method} ${path} by ${name}: ${text}`
            if (may) assert.ok(status < 300, what)
            else assert.equal(status, 403, what)
            // What was let through may have changed it.
            if (may && method !== 'GET' && method !== 'HEAD') await call('PUT', `${resource}?acl`, 200, grant)
          }
        await call('PUT', '/bkt?acl', 200, { headers: { 'x-amz-acl': 'private' } })
      }
})

test('security-18: grants of S3 open nothing by Swift, and lists of Swift are not told closed', async () => {
  const { cloud, member, other, call, send } = await withThree()
  await using _ = cloud
  const account = await accountOf(member)
  await call('PUT', '/bkt', 200, { headers: { 'x-amz-acl': 'public-read-write' } })
  await call('PUT', '/bkt/o', 200, { raw: 'text', headers: { 'x-amz-acl': 'public-read' } })
  for (const [method, path] of [
    ['GET', '/bkt'],
    ['GET', '/bkt/o'],
    ['PUT', '/bkt/new'],
    ['DELETE', '/bkt/o'],
  ] as const) {
    await anonymous(cloud, method, account + path, { expected: 401 })
    await other.request(method, account + path, { raw: method === 'PUT' ? 'x' : undefined, expected: 403 })
  }
  // Users of Swift neither see nor set what is kept.
  const { headers } = await member.request('POST', `${account}/bkt/o`, {
    headers: {
      'x-object-meta-a': 'b',
      'x-object-sysmeta-s3-acl': '{"owner":{"id":"x","name":"x"},"grants":[{"permission":"WRITE_ACP","to":"AllUsers"}]}',
    },
    expected: 202,
  })
  assert.equal(headers.get('x-object-sysmeta-s3-acl'), null)
  await member.request('POST', `${account}/bkt`, { headers: { 'x-container-sysmeta-s3-acl': '[]' }, expected: 204 })
  assert.equal((await send(null, 'PUT', '/bkt/o?acl', { raw: list })).status, 403)
  assert.equal((await send(null, 'GET', '/bkt/o')).text, 'text')
  for (const path of ['/bkt', '/bkt/o']) {
    const shown = await member.request('HEAD', account + path)
    assert.deepEqual(
      [...shown.headers.keys()].filter((name) => /sysmeta|acl/.test(name)),
      [],
      path,
    )
  }
  // What replaces the object has no list, whoever puts it there.
  await member.request('PUT', `${account}/bkt/o`, { raw: 'secret', expected: 201 })
  assert.equal((await send(null, 'GET', '/bkt/o')).status, 403)

  await call('PUT', '/open', 200)
  await member.request('POST', `${account}/open`, { headers: { 'x-container-read': '.r:*,.rlistings' }, expected: 204 })
  await call('PUT', '/open/o', 200, { raw: 'text' })
  assert.equal((await send(null, 'GET', '/open/o')).text, 'text')
  for (const path of ['/open', '/open/o'])
    assert.match((await call('GET', `${path}?acl`, 200)).text, /AllUsers<\/URI><\/Grantee><Permission>READ</)
  // It would close nothing.
  assert.equal(codeOf(await call('PUT', '/open/o?acl', 501, { headers: { 'x-amz-acl': 'private' } })), 'NotImplemented')
  assert.equal(codeOf(await call('PUT', '/open/o', 501, { raw: 'x', headers: { 'x-amz-acl': 'authenticated-read' } })), 'NotImplemented')
  await call('PUT', '/open/o', 200, { raw: 'x', headers: { 'x-amz-acl': 'public-read' } })
  await call('PUT', '/open?acl', 200, { headers: { 'x-amz-acl': 'private' } })
  await anonymous(cloud, 'GET', `${account}/open/o`, { expected: 401 })
  assert.equal((await send(null, 'GET', '/open/o')).status, 200)
  await call('PUT', '/open/o?acl', 200, { headers: { 'x-amz-acl': 'private' } })
  assert.equal((await send(null, 'GET', '/open/o')).status, 403)
})

test('security-18: no copy, link, manifest, version or archive leads past the list of an object', async () => {
  const { cloud, member, call, send } = await withThree()
  await using _ = cloud
  const account = await accountOf(member)
  const open = { 'x-amz-acl': 'public-read' }
  await call('PUT', '/bkt', 200)
  await call('PUT', '/bkt/closed', 200, { raw: 'secret' })
  await call('PUT', '/bkt/open', 200, { raw: 'text', headers: open })
  assert.equal((await send(theirs, 'PUT', '/mine')).status, 200)
  const from = (source: string) => ({ headers: { 'x-amz-copy-source': source } })
  assert.equal((await send(theirs, 'PUT', '/mine/o', from('/bkt/open'))).status, 200)
  assert.equal((await send(theirs, 'PUT', '/mine/o', from('/bkt/closed'))).status, 403)
  assert.equal((await send(theirs, 'PUT', '/mine/o', from('/bkt/none'))).status, 403)
  const upload = /<UploadId>(\w+)</.exec((await send(theirs, 'POST', '/mine/u?uploads')).text)![1]
  assert.equal((await send(theirs, 'PUT', `/mine/u?uploadId=${upload}&partNumber=1`, from('/bkt/open'))).status, 200)
  assert.equal((await send(theirs, 'PUT', `/mine/u?uploadId=${upload}&partNumber=1`, from('/bkt/closed'))).status, 403)

  // Links and manifests that are open lead to what is closed only those who may read that.
  const swift = (path: string, headers: Record<string, string>, raw = '') =>
    member.request('PUT', account + path, { headers, raw, expected: 201 })
  await swift('/bkt/link', { 'x-symlink-target': 'bkt/closed' })
  await swift('/bkt/dynamic', { 'x-object-manifest': 'bkt/closed' })
  await swift('/bkt/static?multipart-manifest=put', {}, JSON.stringify([{ path: '/bkt/closed' }]))
  for (const name of ['link', 'dynamic', 'static']) {
    await call('PUT', `/bkt/${name}?acl`, 200, { headers: open })
    assert.equal((await call('GET', `/bkt/${name}`, 200)).text, 'secret')
    for (const as of [null, theirs]) {
      const { status, text } = await send(as, 'GET', `/bkt/${name}`)
      assert.ok(status >= 400 && !text.includes('secret'), `${name} ${status}`)
    }
    assert.ok((await send(theirs, 'PUT', '/mine/o', from(`/bkt/${name}`))).status >= 400, name)
    // A copy by Swift of what it is made of has no list.
    await member.request('COPY', `${account}/bkt/${name}?multipart-manifest=get&symlink=get`, {
      headers: { destination: `bkt/copy-of-${name}` },
      expected: 201,
    })
    assert.equal((await send(null, 'GET', `/bkt/copy-of-${name}`)).status, 403)
  }

  // Older versions elsewhere were open where they were.
  await member.request('PUT', `${account}/archive`, { expected: 201 })
  await member.request('POST', `${account}/bkt`, { headers: { 'x-versions-location': 'archive' }, expected: 204 })
  await call('PUT', '/bkt/open', 200, { raw: 'newer' })
  const [archived] = (await member.get(`${account}/archive?format=json`)).body as { name: string }[]
  assert.equal((await call('GET', `/archive/${archived!.name}`, 200)).text, 'text')
  assert.ok((await send(null, 'GET', `/archive/${archived!.name}`)).status >= 403)
  assert.equal((await send(null, 'GET', '/bkt/open')).status, 403)
  // What comes back is what it was.
  await call('DELETE', '/bkt/open', 204)
  assert.equal((await send(null, 'GET', '/bkt/open')).text, 'text')
})

test('security-18: parts of an upload are read with the object that they became, by those who may read it and by no other way', async () => {
  const { cloud, member, call, send } = await withThree()
  await using _ = cloud
  const account = await accountOf(member)
  const five = 'x'.repeat(5 * 1024 * 1024)
  const put = async (headers: Record<string, string>) => {
    const id = /<UploadId>(\w+)</.exec((await call('POST', '/bkt/big?uploads', 200, { headers })).text)![1]!
    const parts = []
    for (const [index, raw] of [five, 'end'].entries()) {
      const { headers: told } = await call('PUT', `/bkt/big?uploadId=${id}&partNumber=${index + 1}`, 200, { raw })
      parts.push(`<Part><PartNumber>${index + 1}</PartNumber><ETag>${told.get('etag')}</ETag></Part>`)
    }
    await call('POST', `/bkt/big?uploadId=${id}`, 200, { raw: `<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>` })
    return id
  }
  await call('PUT', '/bkt', 200)
  const id = await put({ 'x-amz-acl': 'public-read' })
  for (const as of [null, theirs]) {
    assert.equal((await send(as, 'GET', '/bkt/big')).text.length, five.length + 3)
    assert.equal((await send(as, 'GET', '/bkt/big', { headers: { range: 'bytes=5242879-5242881' } })).text, 'xen')
    assert.equal((await send(as, 'GET', '/bkt/big?partNumber=2')).text, 'end')
    for (const path of [`/bkt%2Bsegments/big/${id}/00001`, `/bkt%2Bsegments/big/${id}`, '/bkt%2Bsegments'])
      assert.equal((await send(as, 'GET', path)).status, 404, path)
  }
  await put({})
  assert.equal((await send(null, 'GET', '/bkt/big')).status, 403)
  // The same by Swift, for those whom a list of the container lets read the object.
  await anonymous(cloud, 'GET', `${account}/bkt/big`, { expected: 401 })
  await member.request('POST', `${account}/bkt`, { headers: { 'x-container-read': '.r:*' }, expected: 204 })
  assert.equal((await anonymous(cloud, 'GET', `${account}/bkt/big`, { expected: 200 })).text.length, five.length + 3)
  const listed = (await member.get(`${account}/bkt%2Bsegments?format=json`)).body as { name: string }[]
  await anonymous(cloud, 'GET', `${account}/bkt%2Bsegments/${listed[0]!.name}`, { expected: 401 })
  // A manifest that somebody wrote himself is not one of an upload, though it name the same parts.
  const [first] = listed
  await member.request('PUT', `${account}/bkt/own?multipart-manifest=put`, {
    raw: JSON.stringify([{ path: `/bkt+segments/${first!.name}` }]),
    expected: 201,
  })
  await anonymous(cloud, 'GET', `${account}/bkt/own`, { expected: 409 })
  await member.request('COPY', `${account}/bkt/big?multipart-manifest=get`, { headers: { destination: 'bkt/copied' }, expected: 201 })
  await anonymous(cloud, 'GET', `${account}/bkt/copied`, { expected: 409 })
})

test('security-18: what others put into a bucket is theirs as far as the bucket lets them, and its project rules over it', async () => {
  const { cloud, member, other, call, send } = await withThree()
  await using _ = cloud
  const account = await accountOf(member)
  await call('PUT', '/bkt', 200, { headers: { 'x-amz-grant-write': `id=${other.login.userId}` } })
  assert.equal((await send(theirs, 'PUT', '/bkt/theirs', { raw: 'text' })).status, 200)
  assert.match((await call('GET', '/bkt/theirs?acl', 200)).text, new RegExp(`<Owner><ID>${other.login.userId}<`))
  assert.equal((await send(theirs, 'GET', '/bkt/theirs')).text, 'text')
  assert.equal((await send(thirds, 'GET', '/bkt/theirs')).status, 403)
  assert.equal((await call('GET', '/bkt/theirs', 200)).text, 'text')
  assert.equal((await send(theirs, 'PUT', '/bkt/theirs?acl', { headers: { 'x-amz-acl': 'authenticated-read' } })).status, 200)
  assert.equal((await send(thirds, 'GET', '/bkt/theirs')).text, 'text')
  // The project takes it back: without a grant its maker has nothing more.
  await call('PUT', '/bkt/theirs?acl', 200, { headers: { 'x-amz-grant-full-control': `id=${member.login.userId}` } })
  for (const [method, path] of [
    ['GET', '/bkt/theirs'],
    ['GET', '/bkt/theirs?acl'],
    ['PUT', '/bkt/theirs?acl'],
  ] as const)
    assert.equal((await send(theirs, method, path, { raw: method === 'PUT' ? list : '' })).status, 403, path)
  // With bucket-owner-full-control it is the owner's where he prefers that.
  const rule = '<OwnershipControls><Rule><ObjectOwnership>BucketOwnerPreferred</ObjectOwnership></Rule></OwnershipControls>'
  await call('PUT', '/bkt?ownershipControls', 200, { raw: rule })
  assert.equal(
    (await send(theirs, 'PUT', '/bkt/given', { raw: 'text', headers: { 'x-amz-acl': 'bucket-owner-full-control' } })).status,
    200,
  )
  assert.match((await call('GET', '/bkt/given?acl', 200)).text, new RegExp(`<Owner><ID>${member.login.userId}<`))
  assert.equal((await send(theirs, 'GET', '/bkt/given')).status, 403)

  // Whom a list of Swift lets write, or everybody, says nothing of who may read.
  await call('PUT', '/swift', 200)
  await member.request('POST', `${account}/swift`, { headers: { 'x-container-write': `*:${other.login.userId}` }, expected: 204 })
  await call('PUT', '/public', 200, { headers: { 'x-amz-acl': 'public-read-write' } })
  for (const [as, bucket] of [
    [theirs, 'swift'],
    [null, 'public'],
  ] as const) {
    for (const [method, path] of [
      ['PUT', `/${bucket}/o`],
      ['POST', `/${bucket}/o?uploads`],
    ] as const)
      assert.equal((await send(as, method, path, { raw: 'x', headers: { 'x-amz-acl': 'public-read' } })).status, 403, path)
    assert.equal((await send(as, 'PUT', `/${bucket}/o`, { raw: 'x' })).status, 200)
    assert.equal((await send(as, 'GET', `/${bucket}/o`)).status, 403)
    assert.match((await call('GET', `/${bucket}/o?acl`, 200)).text, new RegExp(`<Owner><ID>${member.login.userId}<`))
  }
})
