// Who may do what in an account: every kind of asker against every operation, by a table that is kept apart from rules and access lists.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { freshName, paths, tryPersonas } from '../../testing/persona-matrix.ts'
import { asked, makePersonas, type PersonaName, personas } from '../../testing/personas.ts'
import { testCloud } from '../../testing/test-cloud.ts'
import { objectStore } from './index.ts'

/** Being an administrator of the cloud gives nothing in other people's accounts. */
const operators: readonly PersonaName[] = ['manager of the project', 'member of the project', 'user']
const readers: readonly PersonaName[] = [...operators, 'reader of the project']
const invited: PersonaName = 'member of another project'

const account = {
  'accounts.show': readers,
  'accounts.head': readers,
  'accounts.update': operators,
  'accounts.create': [],
  'accounts.delete': [],
}
const container = { 'containers.create': operators, 'containers.update': operators, 'containers.delete': operators }
const reading = ['containers.show', 'containers.head', 'objects.show', 'objects.head']
const writing = ['objects.put', 'objects.copy', 'objects.update', 'objects.delete']
const each = (names: string[], who: readonly PersonaName[]) => Object.fromEntries(names.map((name) => [name, who]))

/** Who may, in a container with those access lists. */
const tables: { lists: string; headers(invitedProject: string): Record<string, string>; mayDo: Record<string, readonly PersonaName[]> }[] =
  [
    { lists: 'no lists', headers: () => ({}), mayDo: { ...account, ...container, ...each(reading, readers), ...each(writing, operators) } },
    {
      lists: 'a project that may read',
      headers: (project) => ({ 'x-container-read': `${project}:*` }),
      mayDo: { ...container, ...each(reading, [...readers, invited]), ...each(writing, operators) },
    },
    {
      lists: 'a project that may write',
      headers: (project) => ({ 'x-container-write': `${project}:*` }),
      // To copy, and to change what is kept of an object, is to write; what was copied is read first.
      mayDo: { ...container, ...each(reading, readers), ...each(writing, [...operators, invited]), 'objects.copy': operators },
    },
    {
      lists: 'everybody may read, and list',
      headers: () => ({ 'x-container-read': '.r:*,.rlistings' }),
      mayDo: { ...container, ...each(reading, personas), ...each(writing, operators) },
    },
    {
      lists: 'everybody may read by name',
      headers: () => ({ 'x-container-read': '.r:*' }),
      mayDo: {
        ...container,
        ...each(['containers.show', 'containers.head'], readers),
        ...each(['objects.show', 'objects.head'], personas),
        ...each(writing, operators),
      },
    },
  ]

test('every persona against every operation, in containers with all kinds of access lists', async (t) => {
  await using cloud = await testCloud()
  const people = await makePersonas(cloud)
  const root = `/object-store/v1/AUTH_${people.project}`
  const put = async (path: string, headers: Record<string, string> = {}) => {
    const raw = { 'content-type': 'application/octet-stream', ...headers }
    await asked(cloud, (await people.token('user'))!, 'PUT', root + path, 'data', raw)
    return path.split('/').at(-1)!
  }
  const tried = new Set<string>()
  for (const { lists, headers, mayDo } of tables) {
    const name = await put(`/${freshName()}`, headers(people.otherProject))
    const pathOf = paths([
      ['account', '', async () => `AUTH_${people.project}`],
      ['container', '/{account}/{container}/', async () => name],
      ['container', '', () => put(`/${freshName()}`, headers(people.otherProject))],
      ['object', '', () => put(`/${name}/${freshName()}`)],
    ])
    const operations = objectStore.operations.filter(({ id }) => Object.hasOwn(mayDo, id))
    for (const { id } of operations) tried.add(id)
    const { wrong, asked: count } = await tryPersonas({
      url: cloud.url,
      operations,
      personas,
      mayDo: ({ id }) => mayDo[id],
      token: people.token,
      requestFor: async (operation, fresh) => ({
        path: `/object-store/v1${await pathOf(operation, fresh)}`,
        headers: { 'content-type': 'text/plain', ...(operation.id === 'objects.copy' ? { destination: `/${name}/${freshName()}` } : {}) },
        ...(operation.method === 'PUT' ? { body: 'data' } : {}),
      }),
      isRefused: ({ status }, _operation, who) => (who === 'nobody' ? status === 401 : status === 403),
      fault: ({ status }) => (status >= 300 ? 'it was not done' : null),
    })
    t.diagnostic(`${lists}: ${count} requests`)
    assert.deepEqual(wrong.slice(0, 20), [], lists)
  }
  // What no table names is for everybody, proves who asks by a signature, or is tried elsewhere.
  const untried = objectStore.operations.map(({ id }) => id).filter((id) => !tried.has(id))
  assert.deepEqual(
    untried.filter((id) => !/^(info|endpoints|s3|accounts\.missing)\.|\.options$/.test(id)),
    [],
  )
})
