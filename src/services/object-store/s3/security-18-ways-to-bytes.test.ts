// What an object's list leaves closed is closed on every way to its bytes, and what it opens is open with all parts of it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { theirs, withThree } from '../../../testing/object-store/s3.ts'
import { accountOf, anonymous } from '../../../testing/object-store/store.ts'

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
