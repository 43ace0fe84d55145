// What users make for themselves without a quota has an end: in number, and in what they write into it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testCloud } from '../../testing/test-cloud.ts'
import { mostOfUser } from './room.ts'

const root = '/identity/v3'
const rest = Array.from({ length: mostOfUser - 1 }, (_, index) => index)

test('security-25: credentials, application credentials and trusts of a user have an end', async () => {
  await using cloud = await testCloud()
  const [member, other] = [await cloud.as('member'), await cloud.as('member', 'other')]
  const projectId = await member.projectId()
  const userId = member.login.userId!
  const { database } = cloud.cloud

  const blob = (access: string) => JSON.stringify({ access, secret: 's' })
  const credential = (access: string) => ({ credential: { type: 'ec2', project_id: projectId, blob: blob(access) } })
  await member.post(`${root}/credentials`, credential('first'), 201)
  const application = (name: string) => ({ application_credential: { name } })
  await member.post(`${root}/users/${userId}/application_credentials`, application('first'), 201)
  const trust = {
    trust: {
      trustor_user_id: userId,
      trustee_user_id: other.login.userId,
      project_id: projectId,
      impersonation: false,
      roles: [{ name: 'member' }],
    },
  }
  await member.post(`${root}/OS-TRUST/trusts`, trust, 201)

  await database.write(async ({ db }) => {
    const [one, app, made] = [
      await db.selectFrom('identity_credentials').selectAll().where('user_id', '=', userId).executeTakeFirstOrThrow(),
      await db.selectFrom('identity_application_credentials').selectAll().where('user_id', '=', userId).executeTakeFirstOrThrow(),
      await db.selectFrom('identity_trusts').selectAll().where('trustor_user_id', '=', userId).executeTakeFirstOrThrow(),
    ]
    for (const index of rest) {
      const id = `c${index}`
      await db
        .insertInto('identity_credentials')
        .values({ ...one, id, delegation_id: id })
        .execute()
      await db
        .insertInto('identity_application_credentials')
        .values({ ...app, id, name: id })
        .execute()
      await db
        .insertInto('identity_trusts')
        .values({ ...made, id })
        .execute()
    }
  })
  const full = /maximum of 1000 already exceeded/
  assert.match((await member.post(`${root}/credentials`, credential('more'), 403)).text, full)
  await member.post(`${root}/users/${userId}/credentials/OS-EC2`, { tenant_id: projectId }, 403)
  assert.match((await member.post(`${root}/users/${userId}/application_credentials`, application('more'), 403)).text, full)
  assert.match((await member.post(`${root}/OS-TRUST/trusts`, trust, 403)).text, full)
  // Others have their own, and what goes makes room.
  await other.post(`${root}/credentials`, { credential: { ...credential('other').credential, project_id: await other.projectId() } }, 201)
  await member.delete(`${root}/credentials/c0`)
  await member.post(`${root}/credentials`, credential('more'), 201)
})

test('security-25: attributes that a client invents are not longer together than they may be', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const credential = { type: 'cert', blob: 'b', note: 'x'.repeat(10_000) }
  await member.post(`${root}/credentials`, { credential: { ...credential, more: 'x'.repeat(10_000) } }, 400)
  const { id } = (await member.post(`${root}/credentials`, { credential }, 201)).body.credential
  const change = (body: object, expected: number) => member.patch(`${root}/credentials/${id}`, { credential: body }, expected)
  await change({ more: 'x'.repeat(10_000) }, 400)
  await change({ note: null, more: 'x'.repeat(10_000) }, 200)
  await change({ blob: 'c' }, 200)
  await cloud.admin.patch(`${root}/users/${member.login.userId}`, { user: { note: 'x'.repeat(20_000) } }, 400)
})
