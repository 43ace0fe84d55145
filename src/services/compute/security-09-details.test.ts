// Rules that decide on a part of a request or of an answer: every kind of asker, by a table that is kept apart from the rules.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Operation } from '../../api/operation.ts'
import { buildStage } from '../../testing/compute/personas.ts'
import { askedRules, isRefusal, type MatrixAnswer, tryPersonas } from '../../testing/persona-matrix.ts'
import { admins, type PersonaName, personas, readers, strangers } from '../../testing/personas.ts'
import { testCloud } from '../../testing/test-cloud.ts'
import { compute } from './index.ts'

interface Detail {
  /** The operation that asks the rule, and what is added to its path, its body or its headers. */
  of: string
  query?: string
  server?: object
  version?: string
  /** The server has been locked by the administrator. */
  locked?: true
  who: readonly PersonaName[]
  /** What those see who may; without it, the others are refused. */
  shows?: RegExp
  /** To whom it makes no difference. */
  same?: readonly PersonaName[]
}

const servers = 'os_compute_api:servers'
const table: Record<string, Detail> = {
  [`${servers}:index:get_all_tenants`]: { of: 'servers.list', query: '?all_tenants=1', who: admins },
  [`${servers}:detail:get_all_tenants`]: { of: 'servers.detail', query: '?all_tenants=1', who: admins },
  // To others the filter is nothing: who belongs to the project goes on seeing its server.
  [`${servers}:allow_all_filters`]: {
    of: 'servers.list',
    query: '?host=nowhere',
    who: admins,
    shows: /"servers":\[\]/,
    same: strangers,
  },
  [`${servers}:show:host_status`]: { of: 'servers.show', version: '2.16', who: admins, shows: /"host_status"/ },
  [`${servers}:create:forced_host`]: { of: 'servers.create', server: { availability_zone: 'nova:fake-1' }, who: ['admin'] },
  'os_compute_api:os-extended-server-attributes': { of: 'servers.show', who: admins, shows: /OS-EXT-SRV-ATTR:host/ },
  'os_compute_api:os-instance-actions:events': { of: 'server-actions.show', who: admins, shows: /"events"/ },
  'os_compute_api:os-lock-server:unlock:unlock_override': { of: 'servers.unlock', locked: true, who: admins },
  'os_compute_api:limits:other_project': { of: 'limits.show', query: '?tenant_id={project}', who: readers },
  'os_compute_api:os-server-groups:index:all_projects': { of: 'server-groups.list', query: '?all_projects', who: admins },
}

test('every rule that decides on a part, as every persona', async (t) => {
  await using cloud = await testCloud()
  const stage = await buildStage(cloud)
  const rules = compute.moreRules!
  const known = askedRules(cloud.cloud.policies.get('compute')!)
  const operations = rules.map((rule): Operation => {
    const detail = table[rule.name]
    assert.ok(detail, `say in the table who may ${rule.name}`)
    return { ...compute.operations.find(({ id }) => id === detail.of)!, policy: rule }
  })
  const hides = (answer: MatrixAnswer, { shows }: Detail) => shows && !shows.test(answer.text)
  const { wrong, asked } = await tryPersonas({
    url: cloud.url,
    operations,
    personas,
    mayDo: ({ policy }) => table[policy!.name]!.who,
    token: stage.token,
    async requestFor(operation) {
      const { query = '', server, version, locked } = table[operation.policy!.name]!
      const plain = await stage.requestFor(operation, false)
      if (locked) await cloud.admin.post(plain.path, { lock: null }, 202)
      return {
        ...plain,
        path: plain.path + query.replace('{project}', stage.project),
        headers: { ...plain.headers, ...(version ? { 'x-openstack-nova-api-version': version } : {}) },
        ...(server ? { body: { server: { ...(plain.body as { server: object }).server, ...server } } } : {}),
      }
    },
    isRefused: (answer, operation, name, path) =>
      table[operation.policy!.name]!.same?.includes(name)
        ? null
        : isRefusal(answer, operation, name, path) || (answer.status < 300 && Boolean(hides(answer, table[operation.policy!.name]!))),
    fault: ({ status }) => (status >= 300 ? 'it was not done' : null),
  })
  t.diagnostic(`${asked} requests`)
  assert.deepEqual(wrong.slice(0, 20), [])
  assert.deepEqual(
    rules.map(({ name }) => name).filter((name) => !known.has(name)),
    [],
    'nothing asks these rules',
  )
})
