import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addKey, signed, withKey } from '../../../testing/object-store/s3.ts'
import { accountOf } from '../../../testing/object-store/store.ts'

test('security-10: what a segment that is a link leads to has its parts in its own account', async () => {
  const { cloud, member, call } = await withKey()
  await using _ = cloud
  const other = await cloud.as('member', 'project-2')
  await addKey(other, 'AKOTHER', 'O')
  const put = async (send: (method: string, path: string, raw?: string) => Promise<{ text: string; headers: Headers }>, raw: string) => {
    await send('PUT', '/bkt')
    const id = /<UploadId>(\w+)</.exec((await send('POST', '/bkt/big?uploads')).text)![1]!
    const etag = (await send('PUT', `/bkt/big?uploadId=${id}&partNumber=1`, raw)).headers.get('etag')
    const part = `<Part><PartNumber>1</PartNumber><ETag>${etag}</ETag></Part>`
    await send('POST', `/bkt/big?uploadId=${id}`, `<CompleteMultipartUpload>${part}</CompleteMultipartUpload>`)
    return id
  }
  await put((method, path, raw = '') => call(method, path, 200, { raw }), 'ours')
  await put((method, path, raw = '') => signed(cloud, method, path, { raw, access: 'AKOTHER', secret: 'O' }), 'theirs')
  const [account, elsewhere] = [await accountOf(member), await accountOf(other)]
  await other.request('POST', `${elsewhere}/bkt`, { headers: { 'x-container-read': '.r:*' }, expected: 204 })
  await member.request('PUT', `${account}/bkt/link`, {
    headers: { 'x-symlink-target': 'bkt/big', 'x-symlink-target-account': elsewhere.split('/').at(-1)! },
    raw: '',
    expected: 201,
  })
  await member.request('PUT', `${account}/bkt/all?multipart-manifest=put`, {
    raw: JSON.stringify([{ path: '/bkt/link' }, { path: '/bkt/big' }]),
    expected: 201,
  })
  assert.equal((await member.request('GET', `${account}/bkt/link`)).text, 'theirs')
  assert.equal((await member.request('GET', `${account}/bkt/all`)).text, 'theirsours')
  assert.equal((await call('GET', '/bkt/all', 200)).text, 'theirsours')
})
