// Who may do what: every kind of asker against every operation of identity, by a table that is kept apart from the rules.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Operation } from '../../api/operation.ts'
import { testCloud } from '../../testing/test-cloud.ts'
import { identity } from './index.ts'
import { findNothing, mayDo, personas, withoutRule } from './security-09-personas-table.ts'
import { buildStage, plainRequest, requestFor, unknownRow } from './test-personas.ts'

/** What reads first, then what changes, then what takes away, the deepest rows first. */
const order = ({ method, path }: Operation) =>
  method === 'GET' || method === 'HEAD' ? 0 : method === 'DELETE' ? 200 - path.split('/').length : 100

/** The rule said no; other refusals come later and are said in other words. */
const isDenied = ({ status, text }: { status: number; text: string }) =>
  status === 403 &&
  (/Policy doesn't allow/.test(text) || /You are not authorized to perform the requested action/.test(text) || text === '')

test('every persona against every operation', async (t) => {
  await using cloud = await testCloud()
  const [stage, old] = [await buildStage(cloud), await buildStage(cloud, 'default')]
  const { operations } = identity
  const ruled = operations.filter((operation) => operation.policy).toSorted((a, b) => order(a) - order(b))
  const untold = ruled.filter((operation) => !mayDo(operation)).map(({ id, policy }) => `${id} (${policy!.name})`)
  assert.deepEqual(untold, [], 'say in security-09-personas-table.ts who may')
  const wrong: string[] = []
  let asked = 0
  for (const operation of ruled) {
    const allowed = mayDo(operation)!
    const one = async (name: (typeof personas)[number], may: boolean) => {
      const { path, body, headers } = await requestFor(
        operation.majors?.[0] === 'v2.0' ? old : stage,
        operation,
        may && operation.method === 'DELETE',
      )
      const answer = await plainRequest(
        `${cloud.url}/identity${path}`,
        operation.method,
        { ...headers, 'x-auth-token': await (operation.majors?.[0] === 'v2.0' ? old : stage).token(name) },
        body,
      )
      asked++
      // Requests with a signature are refused for that, after the rule.
      const refused = answer.status === 401 && !/signature/.test(answer.text)
      const nowhere = path.includes(unknownRow)
      const right = may ? !refused && answer.status < 500 && !isDenied(answer) : isDenied(answer) || (nowhere && answer.status === 404)
      // What only reads finds its row: else nobody was tried on anything.
      const found = !may || order(operation) > 0 || answer.status < 300 || nowhere || findNothing.test(operation.id)
      if (!right || !found)
        wrong.push(
          `${operation.id}: ${name} ${operation.method} ${path}: ${answer.status}, ${may ? 'allowed' : 'denied'} ${answer.text.slice(0, 200)}`,
        )
    }
    // Those who may not first, all at once: nothing changes by them.
    await Promise.all(personas.filter((name) => !allowed.includes(name)).map((name) => one(name, false)))
    if (order(operation) === 0) await Promise.all(allowed.map((name) => one(name, true)))
    else for (const name of allowed) await one(name, true)
  }
  t.diagnostic(`${ruled.length} operations, ${asked} requests`)
  assert.deepEqual(wrong.slice(0, 20), [])
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
