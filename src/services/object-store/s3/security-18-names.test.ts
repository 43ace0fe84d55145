// Projects may have buckets of one name: nobody answers by his for that of somebody else.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addKey, type Options, signed, withKey } from '../../../testing/object-store/s3.ts'
import { accountOf, anonymous } from '../../../testing/object-store/store.ts'

const open = { 'x-amz-acl': 'public-read-write' }

/** The member, who shares buckets; somebody who waits with buckets of the same names; and a third, for whom they are. */
async function withThree() {
  const made = await withKey()
  const { cloud } = made
  const as = async (project: string, access: string) => {
    const persona = await cloud.as('member', project)
    await addKey(persona, access, 'S')
    const send = async (method: string, path: string, expected: number, options: Options = {}) => {
      const answer = await signed(cloud, method, path, { ...options, access, secret: 'S' })
      assert.equal(answer.status, expected, `${method} ${path}: ${answer.text}`)
      return answer
    }
    return { persona, send }
  }
  const nobody = (method: string, path: string, expected: number, headers: Record<string, string> = {}) =>
    anonymous(cloud, method, `/object-store${path}`, { expected, headers })
  return { ...made, waiting: await as('project-2', 'AKWAITING'), third: await as('project-3', 'AKTHIRD'), nobody }
}

test('security-18: a name beyond the own project means the bucket that was opened first, whatever is asked', async () => {
  const { cloud, member, call, waiting, third, nobody } = await withThree()
  await using _ = cloud
  const account = await accountOf(member)
  const id = third.persona.login.userId
  // How each bucket is opened by its project: by a list or a canned name, for all of it, somebody or an object; by Swift.
  const ways: Record<string, () => Promise<unknown>> = {
    public: () => call('PUT', '/public?acl', 200, { headers: { 'x-amz-acl': 'public-read' } }),
    named: () => call('PUT', '/named?acl', 200, { headers: { 'x-amz-grant-write': `id=${id}` } }),
    object: () => call('PUT', '/object/o?acl', 200, { headers: { 'x-amz-acl': 'public-read' } }),
    written: () => call('PUT', '/written/o', 200, { raw: 'right', headers: { 'x-amz-acl': 'public-read' } }),
    swift: () => member.request('POST', `${account}/swift`, { headers: { 'x-container-read': '.r:*' }, expected: 204 }),
  }
  for (const [bucket, share] of Object.entries(ways)) {
    await waiting.send('PUT', `/${bucket}`, 200)
    for (const key of ['o', 'more'])
      await waiting.send('PUT', `/${bucket}/${key}`, 200, { raw: 'wrong', headers: { 'x-amz-acl': 'private' } })
    await call('PUT', `/${bucket}`, 200)
    await call('PUT', `/${bucket}/o`, 200, { raw: 'right' })
    await share()
    // The other bucket is older, and opened wide.
    await waiting.send('PUT', `/${bucket}?acl`, 200, { headers: open })
    for (const key of ['o', 'more']) await waiting.send('PUT', `/${bucket}/${key}?acl`, 200, { headers: open })

    const opened = bucket !== 'public' && bucket !== 'named'
    const { text } = await nobody('GET', `/${bucket}/o`, opened ? 200 : 403)
    if (opened) assert.equal(text, 'right', bucket)
    // Who may list it, or read all that there is, hears that there is no such thing.
    await nobody('GET', `/${bucket}/more`, bucket === 'public' || bucket === 'swift' ? 404 : 403)
    if (bucket !== 'public') await nobody('GET', `/${bucket}`, 403)
    await third.send('PUT', `/${bucket}/new`, bucket === 'named' ? 200 : 403, { raw: 'secret' })
    // What was open stays what the name means.
    await call('PUT', `/${bucket}?acl`, 200, { headers: { 'x-amz-acl': 'private' } })
    await third.send('PUT', `/${bucket}/new`, 403, { raw: 'secret' })
    await nobody('GET', `/${bucket}`, 403)
    // Those who look for the other say so.
    const owner = { 'x-amz-expected-bucket-owner': waiting.persona.login.projectId! }
    assert.equal((await nobody('GET', `/${bucket}/o`, 200, owner)).text, 'wrong')
    assert.equal((await call('GET', `/${bucket}/o`, 200, { headers: owner })).text, 'wrong')
    assert.equal((await call('GET', `/${bucket}/o`, 200)).text, 'right')
    assert.equal(
      (await third.send('GET', `/${bucket}/o`, 200, { headers: { 'x-amz-expected-bucket-owner': waiting.persona.login.userId! } })).text,
      'wrong',
    )
    await third.send('GET', `/${bucket}/o`, 403, { headers: { 'x-amz-expected-bucket-owner': third.persona.login.projectId! } })
    await waiting.send('PUT', `/${bucket}/copy`, 200, {
      headers: { 'x-amz-copy-source': `/${bucket}/o`, 'x-amz-source-expected-bucket-owner': waiting.persona.login.projectId! },
    })
    // With the bucket goes its name.
    for (const key of ['o', 'more', 'new']) await call('DELETE', `/${bucket}/${key}`, 204)
    await call('DELETE', `/${bucket}`, 204)
    assert.equal((await nobody('GET', `/${bucket}/o`, 200)).text, 'wrong')
  }
})

test('security-18: however many buckets of a name there are, the one that is open is found', async () => {
  const { cloud, call, waiting, nobody } = await withThree()
  await using _ = cloud
  await waiting.send('PUT', '/name', 200)
  await cloud.cloud.database.write(async ({ db }) => {
    for (let index = 0; index < 120; index++) {
      const account = `AUTH_${index}`
      await db
        .insertInto('object_store_accounts')
        .values({ account, metadata: {}, containers: 1, objects: 0, bytes_used: 0, made_at: index, changed_at: index })
        .execute()
      await db
        .insertInto('object_store_containers')
        .values({ account, name: 'name', metadata: { 'x-container-meta-a': '"x-container-read":' }, made_at: index, changed_at: index })
        .execute()
    }
  })
  await call('PUT', '/name', 200)
  await call('PUT', '/name/o', 200, { raw: 'text', headers: open })
  assert.equal((await nobody('GET', '/name/o', 200)).text, 'text')
})
