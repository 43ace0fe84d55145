// What no grant gives: older versions to remove, tags, and what is kept beside a bucket for its uploads.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request } from 'node:http'
import { test } from 'node:test'
import { addKey, codeOf, type Options, signed, withKey } from '../../../testing/object-store/s3.ts'
import { accountOf, anonymous } from '../../../testing/object-store/store.ts'

/** Besides the member somebody of another project, who has a bucket `mine`. */
async function withOther() {
  const made = await withKey()
  const { cloud, member } = made
  const other = await cloud.as('member', 'project-2')
  await addKey(other, 'AKOTHER', 'O')
  const send = async (method: string, path: string, expected: number, options: Options = {}) => {
    const answer = await signed(cloud, method, path, { ...options, access: 'AKOTHER', secret: 'O' })
    assert.equal(answer.status, expected, `${method} ${path}: ${answer.text}`)
    return answer
  }
  await send('PUT', '/mine', 200)
  return { ...made, account: await accountOf(member), other, send }
}

const enabled = { raw: '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>' }

test('security-18: who may write removes objects, not their older versions', async () => {
  const { cloud, member, account, other, call, send } = await withOther()
  await using _ = cloud
  await call('PUT', '/granted', 200, { headers: { 'x-amz-grant-write': `id=${other.login.userId}` } })
  await call('PUT', '/listed', 200)
  await member.request('POST', `${account}/listed`, { headers: { 'x-container-write': `*:${other.login.userId}` }, expected: 204 })
  for (const bucket of ['granted', 'listed']) {
    await call('PUT', `/${bucket}?versioning`, 200, enabled)
    const version = (await call('PUT', `/${bucket}/o`, 200, { raw: 'text' })).headers.get('x-amz-version-id')
    await send('DELETE', `/${bucket}/o?versionId=${version}`, 403)
    await send('DELETE', `/${bucket}/o?versionId=null`, 403)
    const mark = (await send('DELETE', `/${bucket}/o`, 204)).headers.get('x-amz-version-id')
    await send('DELETE', `/${bucket}/o?versionId=${mark}`, 403)
    const raw = `<Delete><Object><Key>o</Key><VersionId>${version}</VersionId></Object></Delete>`
    assert.equal(codeOf(await send('POST', `/${bucket}?delete`, 200, { raw })), 'AccessDenied')
    assert.equal((await call('GET', `/${bucket}/o?versionId=${version}`, 200)).text, 'text')
    await call('DELETE', `/${bucket}/o?versionId=${mark}`, 204)
    await call('DELETE', `/${bucket}/o?versionId=${version}`, 204)
    await call('GET', `/${bucket}/o`, 404)
  }
})

test('security-18: whom a list of the container lets read it reads what is present there, by S3 as by Swift', async () => {
  const { cloud, member, account, other, call, send } = await withOther()
  await using _ = cloud
  await call('PUT', '/bkt', 200)
  await member.request('POST', `${account}/bkt`, { headers: { 'x-container-read': '.r:*' }, expected: 204 })
  await call('PUT', '/bkt/o', 200, { raw: 'first' })
  await send('GET', '/bkt/o?versionId=null', 200)
  await other.request('GET', `${account}/bkt/o?version-id=null`, { expected: 200 })
  await call('PUT', '/bkt?versioning', 200, enabled)
  const second = (await call('PUT', '/bkt/o', 200, { raw: 'second' })).headers.get('x-amz-version-id')
  await send('GET', `/bkt/o?versionId=${second}`, 200)
  await call('PUT', '/bkt/o', 200, { raw: 'third' })
  for (const version of ['null', second]) {
    await send('GET', `/bkt/o?versionId=${version}`, 403)
    await send('GET', `/bkt/o?tagging&versionId=${version}`, 403)
    await send('PUT', '/mine/o', 403, { headers: { 'x-amz-copy-source': `/bkt/o?versionId=${version}` } })
    const { status } = await other.request('GET', `${account}/bkt/o?version-id=${version}`)
    assert.equal(status, version === 'null' ? 404 : 403)
    const copied = await other.request('PUT', `/object-store/v1/AUTH_${other.login.projectId}/mine/o?version-id=${version}`, {
      headers: { 'x-copy-from': '/bkt/o', 'x-copy-from-account': account.split('/').at(-1)! },
    })
    assert.equal(copied.status, version === 'null' ? 404 : 403)
    // A grant on the version itself does.
    await call('PUT', `/bkt/o?acl&versionId=${version}`, 200, { headers: { 'x-amz-acl': 'public-read' } })
    await send('GET', `/bkt/o?versionId=${version}`, 200)
  }
  assert.equal((await send('GET', '/bkt/o', 200)).text, 'third')
})

test('security-18: tags are told, copied and changed by no grant', async () => {
  const { cloud, member, account, call, send } = await withOther()
  await using _ = cloud
  const tagged = { raw: 'text', headers: { 'x-amz-tagging': 'secret=tag', 'x-amz-acl': 'public-read' } }
  await call('PUT', '/bkt', 200, { headers: { 'x-amz-acl': 'public-read-write' } })
  await call('PUT', '/bkt/o', 200, tagged)
  await call('PUT', '/bkt/bare', 200, { raw: 'text', headers: { 'x-amz-acl': 'public-read' } })
  assert.equal((await send('GET', '/bkt/o', 200)).headers.get('x-amz-tagging-count'), null)
  assert.equal((await call('GET', '/bkt/o', 200)).headers.get('x-amz-tagging-count'), '1')
  const copy = { 'x-amz-copy-source': '/bkt/o' }
  await send('PUT', '/mine/o', 403, { headers: copy })
  await send('PUT', '/mine/o', 200, { headers: { ...copy, 'x-amz-tagging-directive': 'REPLACE' } })
  assert.doesNotMatch((await send('GET', '/mine/o?tagging', 200)).text, /secret/)
  await send('PUT', '/mine/bare', 200, { headers: { 'x-amz-copy-source': '/bkt/bare' } })
  const upload = /<UploadId>(\w+)</.exec((await send('POST', '/mine/u?uploads', 200)).text)![1]
  await send('PUT', `/mine/u?uploadId=${upload}&partNumber=1`, 200, { headers: copy })
  await send('PUT', '/bkt/o?tagging', 403, { raw: '<Tagging><TagSet/></Tagging>' })
  await send('DELETE', '/bkt/o?tagging', 403)
  assert.match((await call('GET', '/bkt/o?tagging', 200)).text, /secret/)
  // Whom a list of the container lets read it all reads them too.
  await member.request('POST', `${account}/bkt`, { headers: { 'x-container-read': '*:*' }, expected: 204 })
  assert.match((await send('GET', '/bkt/o?tagging', 200)).text, /secret/)
  await send('PUT', '/mine/o', 200, { headers: copy })
  assert.match((await send('GET', '/mine/o?tagging', 200)).text, /secret/)
})

test('security-18: conditions tell nobody of what he may not read', async () => {
  const { cloud, other, call, send } = await withOther()
  await using _ = cloud
  await call('PUT', '/bkt', 200, { headers: { 'x-amz-grant-write': `id=${other.login.userId}` } })
  const made = await call('PUT', '/bkt/o', 200, { raw: 'text' })
  for (const key of ['o', 'none'])
    for (const headers of [
      { 'if-match': '*' },
      { 'if-match': '"0"' },
      { 'if-match': made.headers.get('etag')! },
      { 'x-amz-if-match-size': '5' },
      { 'x-amz-if-match-last-modified-time': 'Mon, 30 Nov 2015 18:00:43 GMT' },
    ] as Record<string, string>[]) {
      await send('DELETE', `/bkt/${key}`, 403, { headers })
      if (!headers['if-match']) continue
      await send('PUT', `/bkt/${key}`, 403, { raw: 'x', headers })
      await send('PUT', `/bkt/${key}`, 403, {
        raw: 'x',
        headers: { 'if-none-match': headers['if-match'] === '*' ? '"1"' : headers['if-match']! },
      })
      const raw = `<Delete><Object><Key>${key}</Key><ETag>${headers['if-match']}</ETag></Object></Delete>`
      assert.equal(codeOf(await send('POST', '/bkt?delete', 200, { raw })), 'AccessDenied')
    }
  assert.equal((await call('GET', '/bkt/o', 200)).text, 'text')
  // What he may read, and what he only makes where nothing is, he may.
  await send('PUT', '/bkt/new', 200, { raw: 'x', headers: { 'if-none-match': '*' } })
  await call('PUT', '/bkt/o?acl', 200, { headers: { 'x-amz-acl': 'public-read' } })
  await send('DELETE', '/bkt/o', 412, { headers: { 'if-match': '"0"' } })
  await send('DELETE', '/bkt/o', 204, { headers: { 'if-match': made.headers.get('etag')! } })
})

test('security-18: what has expired is not read as a version either', async () => {
  const { cloud, member, account, call } = await withOther()
  await using _ = cloud
  await call('PUT', '/bkt', 200)
  await call('PUT', '/bkt/o', 200, { raw: 'text' })
  await cloud.cloud.database.write(({ db }) =>
    db.updateTable('object_store_objects').set({ delete_at: 1 }).where('name', '=', 'o').execute(),
  )
  await call('GET', '/bkt/o', 404)
  await call('GET', '/bkt/o?versionId=null', 404)
  await call('PUT', '/bkt/copy', 404, { headers: { 'x-amz-copy-source': '/bkt/o?versionId=null' } })
  await member.request('COPY', `${account}/bkt/o?version-id=null`, { headers: { destination: 'bkt/copy' }, expected: 404 })
})

test('security-18: who was let set a list and is no more does not set it by a request from before', async () => {
  const { cloud, call } = await withOther()
  await using _ = cloud
  const everybody = 'uri="http://acs.amazonaws.com/groups/global/AllUsers"'
  const grant = { headers: { 'x-amz-grant-write-acp': everybody } }
  await call('PUT', '/bkt', 200)
  await call('PUT', '/bkt/o', 200, { raw: 'text' })
  const raw = `<AccessControlPolicy><AccessControlList><Grant><Grantee><URI>http://acs.amazonaws.com/groups/global/AllUsers</URI></Grantee><Permission>FULL_CONTROL</Permission></Grant></AccessControlList></AccessControlPolicy>`
  for (const path of ['/bkt', '/bkt/o']) {
    await call('PUT', `${path}?acl`, 200, grant)
    const slow = request(`${cloud.url}/object-store${path}?acl`, { method: 'PUT', headers: { 'content-length': raw.length } })
    slow.write(raw.slice(0, 10))
    const answered = once(slow, 'response')
    // The request is there, and asked, when others of the same kind are done.
    for (let count = 0; count < 5; count++)
      await anonymous(cloud, 'PUT', `/object-store${path}?acl`, { headers: grant.headers, expected: 200 })
    await call('PUT', `${path}?acl`, 200, { headers: { 'x-amz-acl': 'private' } })
    slow.end(raw.slice(10))
    const [answer] = await answered
    answer.resume()
    assert.equal(answer.statusCode, 403, path)
    await anonymous(cloud, 'GET', `/object-store${path}`, { expected: 403 })
  }
})

test('security-18: nobody else sees an upload before it is an object', async () => {
  const { cloud, call, send } = await withOther()
  await using _ = cloud
  await call('PUT', '/bkt', 200)
  const headers = { 'x-amz-acl': 'public-read', 'x-amz-meta-a': 'b' }
  const id = /<UploadId>(\w+)</.exec((await call('POST', '/bkt/o?uploads', 200, { headers })).text)![1]
  for (const path of [`/bkt%2Bsegments/o/${id}`, `/bkt%2Bsegments/o/${id}/00001`, '/bkt%2Bsegments']) {
    await anonymous(cloud, 'GET', `/object-store${path}`, { expected: 404 })
    await send('GET', path, 404)
    await send('PUT', '/mine/o', path === '/bkt%2Bsegments' ? 400 : 404, { headers: { 'x-amz-copy-source': path } })
  }
})
