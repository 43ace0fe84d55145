// Who is shown as the owner has nothing by that: his roles in the project of the bucket say what he may.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addKey, type Options, signed, withKey } from '../../../testing/object-store/s3.ts'
import { accountOf, anonymous } from '../../../testing/object-store/store.ts'

const open: Options = { headers: { 'x-amz-acl': 'public-read' } }

test('security-09: readers, and who has another role, neither open nor write what their own project or they themselves own', async () => {
  const { cloud, member, call } = await withKey()
  await using _ = cloud
  const account = await accountOf(member)
  await addKey(await cloud.as('reader'), 'AKREADER', 'R')
  await addKey(await cloud.as('service'), 'AKSERVICE', 'S')
  // Made by Swift it is shown as the project's; made by S3, as its maker's.
  await member.request('PUT', `${account}/swift`, { expected: 201 })
  await call('PUT', '/opened', 200)
  for (const bucket of ['swift', 'opened']) {
    await call('PUT', `/${bucket}/o`, 200, { raw: 'text' })
    await call('PUT', `/${bucket}?acl`, 200, { headers: { 'x-amz-grant-full-control': `id=${member.login.projectId}` } })
    await call('PUT', `/${bucket}/listed`, 200, {
      raw: 'text',
      headers: { 'x-amz-grant-full-control': `id=${member.login.projectId}, id=${member.login.userId}` },
    })
  }
  for (const [access, secret, reads] of [
    ['AKREADER', 'R', true],
    ['AKSERVICE', 'S', false],
  ] as const)
    for (const bucket of ['swift', 'opened'])
      for (const [method, path, options] of [
        ['GET', `/${bucket}`],
        ['GET', `/${bucket}/o`],
        ['GET', `/${bucket}/listed`],
        ['GET', `/${bucket}/o?acl`],
        ['GET', `/${bucket}?acl`],
        ['PUT', `/${bucket}?acl`, open],
        ['PUT', `/${bucket}/o?acl`, open],
        ['PUT', `/${bucket}/listed?acl`, open],
        ['PUT', `/${bucket}/o`, { raw: 'x' }],
        ['DELETE', `/${bucket}/o`],
        ['POST', `/${bucket}/o?uploads`],
        ['DELETE', `/${bucket}?lifecycle`],
      ] as [string, string, Options?][]) {
        const { status } = await signed(cloud, method, path, { ...options, access, secret })
        assert.equal(status, method === 'GET' && reads ? 200 : 403, `${access} ${method} ${path}`)
      }
})

test('security-21: who has left the project has nothing more of the buckets and objects that he made there', async () => {
  const { cloud, member, call } = await withKey()
  await using _ = cloud
  const { userId, projectId } = member.login
  const grant = { headers: { 'x-amz-grant-read': `id=${userId}`, 'x-amz-grant-full-control': `id=${userId}` } }
  await call('PUT', '/private', 200)
  await call('PUT', '/private/o', 200, { raw: 'text' })
  await call('PUT', '/public', 200, open)
  await call('PUT', '/public/o', 200, { raw: 'text', ...open })
  await call('PUT', '/named', 200, grant)
  await call('PUT', '/named/o', 200, { raw: 'text', ...grant })
  const admin = await cloud.as('admin')
  const elsewhere = await cloud.as('member', 'project-2')
  const { roles } = (await admin.get('/identity/v3/roles?name=member')).body
  await admin.put(`/identity/v3/projects/${elsewhere.login.projectId}/users/${userId}/roles/${roles[0].id}`, undefined, 204)
  const { body } = await admin.post(`/identity/v3/users/${userId}/credentials/OS-EC2`, { tenant_id: elsewhere.login.projectId }, 201)
  await admin.delete(`/identity/v3/projects/${projectId}/users/${userId}/roles/${roles[0].id}`)
  const { access, secret } = body.credential
  for (const [method, path, expected, options] of [
    ['GET', '/private', 403],
    ['GET', '/private/o', 403],
    ['PUT', '/private/o?acl', 403, open],
    ['PUT', '/private/o', 403, { raw: 'x' }],
    ['GET', '/public', 200],
    ['GET', '/public?acl', 403],
    ['GET', '/public/o', 200],
    ['GET', '/public/o?acl', 403],
    ['PUT', '/public/o?acl', 403, open],
    ['PUT', '/public?acl', 403, open],
    ['PUT', '/public/o', 403, { raw: 'x' }],
    ['DELETE', '/public/o', 403],
    ['GET', '/named', 403],
    ['GET', '/named/o', 403],
    ['PUT', '/named/o', 403, { raw: 'x' }],
  ] as [string, string, number, Options?][]) {
    const { status, text } = await signed(cloud, method, path, { ...options, access, secret })
    assert.equal(status, expected, `${method} ${path} ${text}`)
  }
  await anonymous(cloud, 'GET', '/object-store/private/o', { expected: 403 })
})
