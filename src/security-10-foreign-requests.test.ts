// Every operation as a member of another project, as a reader of the same one, and as nobody: nothing of the project is shown or changed,
// and nothing is a 500. Requests are made from the declarations; NEPHOS_TEST_SEED and NEPHOS_TEST_FUZZ (rounds) make others and more.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import { test } from 'node:test'
import type { Operation } from './api/operation.ts'
import { type Log, silentLog } from './log.ts'
import { askAs } from './testing/answered.ts'
import { activeServer, ground } from './testing/compute/servers.ts'
import { type Dice, dice, type FuzzedRequest, requestFor } from './testing/fuzz.ts'
import type { Persona } from './testing/persona.ts'
import { type TestCloud, testCloud } from './testing/test-cloud.ts'

const agent = new http.Agent({ keepAlive: true })
const seed = Number(process.env.NEPHOS_TEST_SEED ?? 20261130)
const rounds = Number(process.env.NEPHOS_TEST_FUZZ ?? 40)
/** In all that the project has, and in no request: whoever is shown it has seen what is not theirs. */
const canary = 'canary-7c1d'

interface Victim {
  owner: Persona
  /** Ids and names of what it has. */
  known: string[]
  /** All that the owner sees of it. */
  state(): Promise<string>
}

async function victim(cloud: TestCloud): Promise<Victim> {
  const place = await ground(cloud, 'victim')
  const { member: owner, networkId, imageId } = place
  const name = (what: string) => `${canary}-${what}`
  const made = async (path: string, body: object) => (await owner.post(path, body)).body
  const network = '/network/v2.0'
  await owner.put(`${network}/networks/${networkId}`, { network: { name: name('net') } }, 200)
  await owner.request('PATCH', `/image/v2/images/${imageId}`, {
    raw: JSON.stringify([{ op: 'replace', path: '/name', value: name('image') }]),
    headers: { 'content-type': 'application/openstack-images-v2.1-json-patch' },
    expected: 200,
  })
  const server = await activeServer(cloud, place, { name: name('server'), metadata: { [name('key')]: name('value') } })
  const { router } = await made(`${network}/routers`, { router: { name: name('router') } })
  const { port } = await made(`${network}/ports`, { port: { network_id: networkId, name: name('port') } })
  const { security_group: group } = await made(`${network}/security-groups`, { security_group: { name: name('group') } })
  await made('/compute/v2.1/os-keypairs', { keypair: { name: 'their-keypair' } })
  const { server_group: servers } = await made('/compute/v2.1/os-server-groups', {
    server_group: { name: name('servers'), policies: ['affinity'] },
  })
  const project = await owner.projectId()
  const account = `/object-store/v1/AUTH_${project}`
  await owner.request('PUT', `${account}/their-container`, { expected: 201 })
  await owner.request('PUT', `${account}/their-container/their-object`, { raw: name('bytes'), expected: 201 })
  const userId = owner.login.userId!
  const credential = await made(`/identity/v3/users/${userId}/application_credentials`, {
    application_credential: { name: name('credential') },
  })
  const subnets = (await owner.get(`${network}/subnets`)).body.subnets as { id: string; network_id: string }[]
  const paths = [
    `${network}/networks/${networkId}`,
    `${network}/subnets?network_id=${networkId}`,
    `${network}/routers/${router.id}`,
    `${network}/ports?network_id=${networkId}`,
    `${network}/security-groups/${group.id}`,
    `/compute/v2.1/servers/${server}`,
    '/compute/v2.1/os-keypairs',
    '/compute/v2.1/os-server-groups',
    `/image/v2/images/${imageId}`,
    `${account}?format=json`,
    `${account}/their-container?format=json`,
    `/identity/v3/users/${userId}/application_credentials`,
  ]
  return {
    owner,
    known: [
      networkId, imageId, server, router.id, port.id, group.id, servers.id, project, userId, credential.application_credential.id, `AUTH_${project}`,
      ...subnets.filter((subnet) => subnet.network_id === networkId).map(({ id }) => id),
      'their-keypair', 'their-container', 'their-object', canary.slice(0, 6),
    ], // biome-ignore format: a list of ids
    async state() {
      const seen = await Promise.all(paths.map(async (path) => (await owner.get(path)).text))
      const object = await owner.get(`${account}/their-container/their-object`)
      return JSON.stringify([...seen, object.text, object.headers.get('etag')], null, 1)
    },
  }
}

/** Those that a stranger may call with success at the cost of the whole cloud or of this test's logins. */
const left = (operation: Operation) => operation.path.endsWith('/OS-KSCRUD/users/{user_id}')

interface Answer {
  status: number
  headers: string
  text: string
}

/** The request as it is, also with a body where none belongs. */
async function send(url: string, { method, path, body, headers }: FuzzedRequest): Promise<Answer> {
  const { port } = new URL(url)
  const request = http.request({ port, method, path, headers, agent })
  request.end(body)
  const [answer] = (await once(request, 'response')) as [http.IncomingMessage]
  let text = ''
  for await (const piece of answer) text += piece
  return { status: answer.statusCode!, headers: answer.rawHeaders.join('\n'), text }
}

test(`security-10: fuzzed requests of strangers to every operation show and change nothing (seed ${seed}, ${rounds} rounds)`, async () => {
  const failures: string[] = []
  const log: Log = { ...silentLog, error: (fields, message) => void failures.push(`${message} ${JSON.stringify(fields)}`) }
  await using cloud = await testCloud({ log })
  using _asker = askAs('dice')
  const die: Dice = dice(seed)
  const { known, state } = await victim(cloud)
  const stranger = await cloud.as('member', 'stranger')
  const reader = await cloud.as('reader', 'stranger')
  const own = [await stranger.projectId(), stranger.login.userId!, 'public', 'admin', 'default', 'member', '42', 'x']
  await cloud.settled()
  const before = await state()
  let sent = 0
  for (let round = 0; round < rounds; round++) {
    for (const service of cloud.cloud.services) {
      const type = service.microversions?.type
      for (const operation of service.operations) {
        if (left(operation)) continue
        const major = die.pick(operation.majors ?? service.majors.map(({ id }) => id))
        const { max } = service.majors.find(({ id }) => id === major) ?? {}
        const project = service.projectInPath && die.chance(0.3) ? `/${die.pick([...known, own[0]!])}` : ''
        const versions = type && max ? ['', `${type} ${max}`, `${type} latest`] : ['']
        const root = `/${service.name}${major ? `/${major}` : ''}${project}`
        const request = requestFor(operation, root, die, [...known, ...own], versions)
        const who = die.pick([stranger, stranger, reader, null])
        const headers = who ? { ...request.headers, 'x-auth-token': await who.token() } : request.headers
        const answer = await send(cloud.url, { ...request, headers })
        sent++
        const told = `${service.name} ${operation.id}: ${request.method} ${request.path} ${request.body ?? ''}`.slice(0, 700)
        if (answer.status >= 500 && answer.status !== 501) failures.push(`${answer.status} ${told}`)
        if (`${answer.headers}${answer.text}`.includes(canary)) failures.push(`shows ${told}: ${answer.text.slice(0, 300)}`)
        if (failures.length > 20) break
      }
    }
  }
  await cloud.settled()
  assert.deepEqual(failures, [], `${sent} requests`)
  assert.equal(await state(), before)
})
