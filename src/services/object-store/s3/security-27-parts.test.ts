// Parts of uploads go when what they belong to goes, whoever removes it, and before that nobody takes them away.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request } from 'node:http'
import { test } from 'node:test'
import { addKey, codeOf, signed, withKey } from '../../../testing/object-store/s3.ts'
import { accountOf } from '../../../testing/object-store/store.ts'
import type { Persona } from '../../../testing/persona.ts'

const five = 'x'.repeat(5 * 1024 * 1024)

/** A bucket into which everybody may write, and uploads by others than its project: `send` sends as one of them. */
async function withWriter() {
  const made = await withKey()
  const { cloud, member, call } = made
  const other = await cloud.as('member', 'project-2')
  await addKey(other, 'AKOTHER', 'O')
  const send = (method: string, path: string, raw = '') => signed(cloud, method, path, { raw, access: 'AKOTHER', secret: 'O' })
  const account = await accountOf(member)
  await call('PUT', '/bkt', 200, { headers: { 'x-amz-acl': 'public-read-write' } })
  return { ...made, account, send }
}

const names = async (member: Persona, account: string) =>
  ((await member.get(`${account}/bkt%2Bsegments?format=json`)).body as { name: string }[]).map(({ name }) => name)

type Send = (method: string, path: string, raw?: string) => Promise<{ text: string; headers: Headers; status: number }>

/** Begins an upload with these parts; gives its path and the body that ends it with the first `used` of them. */
async function begin(send: Send, parts: string[], used = parts.length) {
  const id = /<UploadId>(\w+)</.exec((await send('POST', '/bkt/big?uploads')).text)![1]!
  const listed: string[] = []
  for (const [index, raw] of parts.entries()) {
    const { headers } = await send('PUT', `/bkt/big?uploadId=${id}&partNumber=${index + 1}`, raw)
    listed.push(`<Part><PartNumber>${index + 1}</PartNumber><ETag>${headers.get('etag')}</ETag></Part>`)
  }
  return {
    id,
    path: `/bkt/big?uploadId=${id}`,
    raw: `<CompleteMultipartUpload>${listed.slice(0, used).join('')}</CompleteMultipartUpload>`,
  }
}

test('security-27: who may only write leaves no parts behind either', async () => {
  const { cloud, member, account, send } = await withWriter()
  await using _ = cloud
  const aborted = await begin(send, ['one', 'two'])
  assert.equal((await send('DELETE', aborted.path)).status, 204)
  assert.deepEqual(await names(member, account), [])
  assert.doesNotMatch((await send('GET', '/bkt?uploads')).text, /<UploadId>/)
  assert.equal(codeOf(await send('POST', aborted.path, aborted.raw)), 'NoSuchUpload')

  const done = await begin(send, ['one', 'two'], 1)
  assert.equal((await send('POST', done.path, done.raw)).status, 200)
  assert.deepEqual(await names(member, account), [`big/${done.id}/00001`])
  const again = await begin(send, ['three'])
  assert.equal((await send('POST', again.path, again.raw)).status, 200)
  assert.deepEqual(await names(member, account), [`big/${again.id}/00001`])
  // What ended is not ended again once something else is there.
  assert.equal((await send('PUT', '/bkt/big', 'plain')).status, 200)
  assert.equal(codeOf(await send('POST', again.path, again.raw)), 'NoSuchUpload')
  assert.deepEqual(await names(member, account), [])

  const last = await begin(send, ['four'])
  assert.equal((await send('POST', last.path, last.raw)).status, 200)
  assert.equal((await send('POST', '/bkt?delete', '<Delete><Object><Key>big</Key></Object></Delete>')).status, 200)
  assert.deepEqual(await names(member, account), [])
})

test('security-27: an upload that is ended twice at once is ended once, and is whole', async () => {
  const { cloud, member, account, call, send } = await withWriter()
  await using _ = cloud
  for (const versioning of ['', 'Enabled']) {
    if (versioning)
      await call('PUT', '/bkt?versioning', 200, {
        raw: `<VersioningConfiguration><Status>${versioning}</Status></VersioningConfiguration>`,
      })
    for (let round = 0; round < 4; round++) {
      const upload = await begin(send, [five, 'end'])
      const ends = await Promise.all([1, 2, 3, 4].map(() => send('POST', upload.path, upload.raw)))
      assert.deepEqual(
        ends.map(({ status, text }) => [status, codeOf({ text })]),
        ends.map(() => [200, undefined]),
      )
      assert.equal((await call('GET', '/bkt/big', 200)).text.length, five.length + 3)
    }
  }
  assert.equal((await call('GET', '/bkt?versions', 200)).text.match(/<Version>/g)?.length, 5)
  // Of the object from before versions, and of each of them.
  assert.equal((await names(member, account)).length, 10)
})

test('security-27: parts that come or go while an upload ends do not break what it became', async () => {
  const { cloud, member, account, call, send } = await withWriter()
  await using _ = cloud
  const upload = await begin(send, [five, 'end'])
  const late = request(`${cloud.url}/object-store${upload.path}&partNumber=2`, { method: 'PUT', headers: { 'content-length': '4' } })
  late.write('la')
  const answered = once(late, 'response')
  while (!(await cloud.cloud.database.read.selectFrom('object_store_objects').select('name').where('name', '=', 'big').executeTakeFirst()))
    assert.equal((await send('POST', upload.path, upload.raw)).status, 200)
  late.end('te')
  const [answer] = await answered
  answer.resume()
  assert.equal(answer.statusCode, 404)
  assert.equal((await call('GET', '/bkt/big', 200)).text.slice(-4), 'xend')
  for (let round = 0; round < 8; round++) {
    const raced = await begin(send, ['x'])
    const [ended, gone] = await Promise.all([send('POST', raced.path, raced.raw), send('DELETE', raced.path)])
    assert.ok(ended.status === 200 ? gone.status === 404 || gone.status === 204 : gone.status === 204, `${ended.status} ${gone.status}`)
    assert.equal((await call('GET', '/bkt/big', 200)).text.slice(-1), ended.status === 200 ? 'x' : 'd')
    if (ended.status !== 200) continue
    const back = await begin(send, [five, 'end'])
    assert.equal((await send('POST', back.path, back.raw)).status, 200)
  }
  const kept = await names(member, account)
  assert.ok(kept.length <= 2, kept.join())
})

test('security-27: a manifest that was copied takes nothing from the object that its parts are of', async () => {
  const { cloud, member, account, call, send } = await withWriter()
  await using _ = cloud
  const upload = await begin(send, ['part'])
  assert.equal((await send('POST', upload.path, upload.raw)).status, 200)
  for (const name of ['copy', 'own']) {
    if (name === 'copy')
      await member.request('COPY', `${account}/bkt/big?multipart-manifest=get`, { headers: { destination: 'bkt/copy' }, expected: 201 })
    else
      await member.request('PUT', `${account}/bkt/own?multipart-manifest=put`, {
        raw: JSON.stringify([{ path: `/bkt+segments/big/${upload.id}/00001` }]),
        expected: 201,
      })
    await call('DELETE', `/bkt/${name}`, 204)
    assert.equal((await call('GET', '/bkt/big', 200)).text, 'part', name)
  }
})
