// Who may do what: every kind of asker against every operation of identity, by a table that is kept apart from the rules.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Operation } from '../../api/operation.ts'
import { buildStage, requestFor, unknownRow } from '../../testing/identity/personas.ts'
import { askedRules, freshName, order, plainRequest, tryPersonas } from '../../testing/persona-matrix.ts'
import { testCloud } from '../../testing/test-cloud.ts'
import { identity } from './index.ts'
import { findNothing, mayDo, personas, withoutRule } from './security-09-personas-table.ts'

test('every persona against every operation', async (t) => {
  await using cloud = await testCloud()
  const [stage, old] = [await buildStage(cloud), await buildStage(cloud, 'default')]
  const at = (operation: Operation) => (operation.majors?.[0] === 'v2.0' ? old : stage)
  const { wrong, asked } = await tryPersonas({
    url: `${cloud.url}/identity`,
    operations: identity.operations.filter((operation) => operation.policy),
    personas,
    mayDo,
    token: (name, operation) => at(operation).token(name),
    requestFor: (operation, fresh) => requestFor(at(operation), operation, fresh),
    // The rule says no in these words; other refusals come later. Requests with a signature are refused for that, after the rule.
    isRefused: ({ status, text }, _operation, _name, path) =>
      status === 404 && path.includes(unknownRow)
        ? null
        : status === 403
          ? /^$|Policy doesn't allow|You are not authorized to perform the requested action/.test(text)
          : status === 401 && !/signature/.test(text),
    // What only reads finds its row: else nobody was tried on anything.
    fault: ({ status }, operation, _name, path) =>
      order(operation) > 0 || status < 300 || path.includes(unknownRow) || findNothing.test(operation.id) ? null : 'nothing was found',
  })
  t.diagnostic(`${asked} requests`)
  assert.deepEqual(wrong.slice(0, 20), [])
})

test('every rule that decides instead of the operation’s own, as every persona', async () => {
  await using cloud = await testCloud()
  const stage = await buildStage(cloud)
  const { domain, project, user } = stage.ids
  const role = () => ({ role: { name: freshName(), domain_id: domain } })
  const makeRole = async () => `/roles/${(await cloud.admin.post('/identity/v3/roles', role(), 201)).body.role.id}`
  const one = await makeRole()
  const requests: Record<string, { of: string; path: string | (() => Promise<string>); body?: () => object }> = {
    'identity:get_domain_role': { of: 'roles.show', path: one },
    'identity:list_domain_roles': { of: 'roles.list', path: `/roles?domain_id=${domain}` },
    'identity:create_domain_role': { of: 'roles.create', path: '/roles', body: role },
    'identity:update_domain_role': { of: 'roles.update', path: one, body: () => ({ role: { description: 'x' } }) },
    'identity:delete_domain_role': { of: 'roles.delete', path: makeRole },
    'identity:list_trusts_for_trustor': { of: 'trusts.list', path: `/OS-TRUST/trusts?trustor_user_id=${user}` },
    'identity:list_trusts_for_trustee': { of: 'trusts.list', path: `/OS-TRUST/trusts?trustee_user_id=${user}` },
    'identity:list_role_assignments_for_tree': {
      of: 'role-assignments.list',
      path: `/role_assignments?scope.project.id=${project}&include_subtree=true`,
    },
  }
  const known = askedRules(cloud.cloud.policies.get('identity')!)
  const rules = identity.moreRules!
  const { wrong } = await tryPersonas({
    url: `${cloud.url}/identity/v3`,
    operations: rules.map((rule): Operation => {
      const { of } = requests[rule.name]!
      return { ...identity.operations.find(({ id }) => id === of)!, id: rule.name, policy: rule }
    }),
    personas,
    mayDo,
    token: stage.token,
    async requestFor(operation) {
      const { path, body } = requests[operation.policy!.name]!
      return { path: typeof path === 'string' ? path : await path(), ...(body && { body: body() }) }
    },
    isRefused: ({ status }) => status === 403,
    fault: ({ status }) => (status >= 300 ? 'it was not done' : null),
  })
  assert.deepEqual(wrong.slice(0, 20), [])
  assert.deepEqual(
    rules.map(({ name }) => name).filter((name) => !known.has(name)),
    [],
    'nothing asks these rules',
  )
})

test('no operation of any service, but those that say so, is had without a token, with one that has ended, or that somebody changed', async (t) => {
  await using cloud = await testCloud()
  const { tokens, database } = cloud.cloud
  const user = await database.read.selectFrom('identity_users').select(['id', 'token_epoch']).executeTakeFirstOrThrow()
  const seconds = Math.floor(Date.now() / 1000)
  const content = { userId: user.id, epoch: user.token_epoch, methods: ['password'], scope: { type: 'system' as const } }
  const good = tokens.issue(content).token
  const changed = [...good].with(40, good[40] === 'A' ? 'B' : 'A').join('')
  const bad = { changed, ended: tokens.issue({ ...content, expiresAt: seconds - 1 }).token, none: null, made: 'x' }
  assert.ok(await tokens.authenticate(good))
  const wrong: string[] = []
  let asked = 0
  for (const service of cloud.cloud.services) {
    for (const operation of service.operations) {
      if (operation.auth !== undefined) continue
      const major = operation.majors?.[0] ?? service.majors[0]!.id
      const path = `/${service.name}${major && `/${major}`}${operation.path.replace(/\{[^}]+\}/g, 'x')}`
      const ask = async ([name, token]: [string, string | null]) => {
        const { status } = await plainRequest(cloud.url + path, operation.method, token === null ? {} : { 'x-auth-token': token })
        asked++
        if (status !== 401) wrong.push(`${operation.method} ${path} with a token that is ${name}: ${status}`)
      }
      await Promise.all(Object.entries(bad).map(ask))
    }
  }
  t.diagnostic(`${asked} requests`)
  assert.deepEqual(wrong, [])
})

test('a rule that only reads is on no operation that changes something', () => {
  const { operations } = identity
  const wrong = operations
    .filter(
      ({ method, policy }) =>
        method !== 'GET' && method !== 'HEAD' && /^identity:(get|list|check|ec2_get|ec2_list)_/.test(policy?.name ?? ''),
    )
    .map(({ id }) => id)
  assert.deepEqual(wrong, [])
})

test('every operation has a rule, except those that are for everybody by their nature', () => {
  const { operations } = identity
  const without = operations.filter((operation) => operation.policy === null)
  assert.deepEqual(
    without.map(({ id }) => id).filter((id) => !withoutRule.includes(id)),
    [],
  )
  assert.ok(without.every((operation) => operation.auth === 'none'))
})
