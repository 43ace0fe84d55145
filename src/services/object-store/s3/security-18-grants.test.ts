// Whom S3's grants let in, and what they leave closed, by every operation of S3 and by Swift.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { codeOf, type Key, type Options, theirs, thirds, withThree } from '../../../testing/object-store/s3.ts'
import { accountOf, anonymous } from '../../../testing/object-store/store.ts'

const everybody = 'uri="http://acs.amazonaws.com/groups/global/AllUsers"'
const authenticated = 'uri="http://acs.amazonaws.com/groups/global/AuthenticatedUsers"'
const permissions = ['read', 'write', 'read-acp', 'write-acp', 'full-control'] as const
const list = '<AccessControlPolicy><AccessControlList></AccessControlList></AccessControlPolicy>'

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
