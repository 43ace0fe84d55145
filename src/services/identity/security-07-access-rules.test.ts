// A token bound by access rules is no token to a service that does not know them: it would let it do everything.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ask, makeProject, makeUser } from '../../testing/identity/users.ts'
import { testCloud } from '../../testing/test-cloud.ts'

test('a token bound by access rules is shown and checked only where the asker says that it knows rules', async () => {
  await using cloud = await testCloud()
  const project = await makeProject(cloud, 'p')
  const user = await makeUser(cloud, [['member', `/projects/${project}`]])
  const own = await user.login({ project: { id: project } })
  const tokenOf = async (access_rules?: object[]) => {
    const { application_credential } = (
      await ask(cloud, own, 'POST', `/v3/users/${user.id}/application_credentials`, {
        body: { application_credential: { name: `a${access_rules?.length}`, access_rules } },
        expected: 201,
      })
    ).body
    const identity = {
      methods: ['application_credential'],
      application_credential: { id: application_credential.id, secret: application_credential.secret },
    }
    return (await ask(cloud, null, 'POST', '/v3/auth/tokens', { body: { auth: { identity } }, expected: 201 })).headers.get(
      'x-subject-token',
    )!
  }
  const rule = { service: 'identity', method: 'GET', path: '/v3/auth/tokens' }
  const [bound, free] = [await tokenOf([rule]), await tokenOf()]
  const admin = await cloud.admin.token()
  const known = 'openstack-identity-access-rules'
  for (const method of ['GET', 'HEAD']) {
    const look = (token: string, asker: string, rules: string | undefined, expected: number) =>
      ask(cloud, asker, method, '/v3/auth/tokens', {
        headers: { 'x-subject-token': token, ...(rules === undefined ? {} : { [known]: rules }) },
        expected,
      })
    for (const wrong of [undefined, '', '0.9', 'yes', '-1', 'NaN', '1.0, 0']) await look(bound, admin, wrong, 404)
    for (const right of ['1.0', '1', '2.5']) await look(bound, admin, right, 200)
    for (const any of [undefined, '1.0']) await look(free, admin, any, 200)
  }
  // By its bearer too, as far as the rules let it.
  const self = (rules: object, expected: number) =>
    ask(cloud, bound, 'GET', '/v3/auth/tokens', { headers: { 'x-subject-token': bound, ...rules }, expected })
  await self({}, 404)
  const { body } = await self({ [known]: '1.0' }, 200)
  assert.equal(body.token.application_credential.access_rules[0].path, rule.path)
  // v2.0 has no words for it.
  for (const path of [`/tokens/${bound}`, `/tokens/${bound}/endpoints`])
    await ask(cloud, admin, 'GET', `/v2.0${path}`, { headers: { [known]: '1.0' }, expected: 404 })
  await ask(cloud, admin, 'GET', '/v2.0/OS-KVALIDATE/token/validate', { headers: { 'x-subject-token': bound }, expected: 404 })
  await ask(cloud, admin, 'GET', `/v2.0/tokens/${free}`, { expected: 200 })
  // To end it nobody needs to know them.
  await ask(cloud, admin, 'DELETE', '/v3/auth/tokens', { headers: { 'x-subject-token': bound }, expected: 204 })
  await self({ [known]: '1.0' }, 401)
})
