// The reference's sessions of chapter 15 and its quick start, sent again as they are printed: their curl commands, the statuses, headers and
// bodies that they show.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ReferenceOperation, referenceOperations, shapeDifferences, withoutReference } from '../../testing/examples.ts'
import { accountOf } from '../../testing/object-store/store.ts'
import { testCloud } from '../../testing/test-cloud.ts'

/** What our answers do not have, and why. */
const deviations: Record<string, string> = {
  'content-length': 'kept out where the length is not fixed: bodies of today differ in length from those of 2014',
}

interface Curl {
  method: string
  path: string
  headers: Record<string, string>
}

/** A printed command; broken lines and the blanks that they left in names are mended. */
function curlOf(text: string): Curl {
  const flat = text
    .replace(/\s+/g, ' ')
    .replace('X-Auth- Token', 'X-Auth-Token')
    .replace('X- Object', 'X-Object')
    .replace(' H "X-', ' -H "X-')
  const headers: Record<string, string> = {}
  for (const [, name, value] of flat.matchAll(/-H "([^":]+):\s*([^"]*)"/g))
    if (!/auth-token/i.test(name!)) headers[name!.toLowerCase()] = value!
  delete headers['content-length']
  return { method: /-X ([A-Z]+)/.exec(flat)![1]!, path: /\$publicURL(\S*)/.exec(flat)![1]!, headers }
}

function httpOf(http: unknown): { status: number; headers: Map<string, string> } {
  const [first = '', ...lines] = String(http).split('\n')
  const headers = new Map(lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]))
  return { status: Number(first.split(' ')[1]), headers }
}

test('the sessions of the reference go as they are printed', { skip: withoutReference }, async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const account = await accountOf(member)
  const put = (path: string, headers: Record<string, string> = {}, raw?: string) => member.request('PUT', account + path, { headers, raw })
  /** What the sessions find: their containers and objects. */
  async function scene() {
    await member.request('POST', account, {
      headers: { 'x-account-meta-book': 'MobyDick', 'x-account-meta-subject': 'Literature' },
      expected: 204,
    })
    await put('/marktwain', { 'x-container-meta-book': 'TomSawyer', 'x-container-meta-author': 'SamuelClemens' })
    await put('/janeausten')
    const meta = {
      'x-object-meta-orig-filename': 'goodbyeworld.txt',
      'x-object-meta-book': 'GoodbyeColumbus',
      'x-object-meta-movie': 'AmericanPie',
    }
    await put('/marktwain/goodbye', { ...meta, 'content-type': 'application/octet-stream' }, 'Goodbye World!')
    await put('/marktwain/helloworld', {}, 'Hello World!')
    await member.request('DELETE', `${account}/steven`)
    await member.request('DELETE', `${account}/janeausten/goodbye`)
  }
  const problems: string[] = []
  let sent = 0
  async function replay(operation: ReferenceOperation, curl: Curl, response: ReferenceOperation['responses'][number]) {
    const answer = await member.request(curl.method, account + curl.path, {
      headers: curl.headers,
      raw: curl.method === 'PUT' ? '' : undefined,
    })
    sent++
    const wanted = httpOf(response.http)
    const say = (what: string) => problems.push(`${operation.id}: ${curl.method} ${curl.path}: ${what}`)
    if (answer.status !== wanted.status) say(`${answer.status} instead of ${wanted.status}`)
    for (const [name, value] of wanted.headers) {
      const got = answer.headers.get(name)
      if (name in deviations) continue
      if (got === null) say(`no ${name}`)
      else if (/^(content-type|etag|accept-ranges|x-\w+-meta-.*|x-copied-from)$/.test(name) && got.toLowerCase() !== value.toLowerCase())
        say(`${name} is ${got} instead of ${value}`)
    }
    if (response.format === 'json') for (const { path, what } of shapeDifferences(response.value, answer.body)) say(`${path} ${what}`)
    if (response.format === 'text' && response.text && answer.text.replace(/\s+/g, ' ') !== response.text.replace(/\s+/g, ' '))
      say(`body ${answer.text}`)
    if (response.format === 'xml') {
      const elements = new Set([...response.text.matchAll(/<(\w+)[ >]/g)].map((match) => match[1]!))
      for (const name of elements) if (!answer.text.includes(`<${name}`)) say(`no element ${name}`)
    }
  }
  const byKind = (operation: ReferenceOperation, kind: string): Curl => {
    const path = operation.path.replace('/v1/{account}', '').replace('{container}', 'marktwain')
    return { method: operation.method, path: `${path}${kind === 'text' ? '' : `?format=${kind}`}`, headers: {} }
  }
  for (const operation of referenceOperations('object-store-v1')) {
    if (operation.id.endsWith('delete-container')) continue
    const printed = operation.responses.filter(({ http }) => http)
    for (const [i, response] of printed.entries()) {
      await scene()
      const request = operation.requests[i]
      const curl = request && response.format === 'text' ? curlOf(request.text) : byKind(operation, response.format)
      if (operation.id.endsWith('create-container')) {
        for (const name of ['/goodbye', '/helloworld', '']) await member.request('DELETE', `${account}/marktwain${name}`)
      }
      // The object that a session says does not exist.
      if (curl.path === '/marktwain/helloworld' && operation.method === 'DELETE') assert.ok(i === 0)
      await replay(operation, curl, response)
    }
  }
  // One command, three answers: not there, removed, not empty.
  const [remove] = referenceOperations('object-store-v1.containers.delete-container')
  const steven = curlOf(remove!.requests[0]!.text)
  await scene()
  await replay(remove!, steven, remove!.responses[0]!)
  await put('/steven')
  await replay(remove!, steven, remove!.responses[1]!)
  await put('/steven')
  await put('/steven/o', {}, 'x')
  await replay(remove!, steven, remove!.responses[2]!)

  const [endpoints] = referenceOperations('object-store-v1.endpoints.list-endpoints')
  const listed = await member.request('GET', '/object-store/v1/endpoints', { expected: 200 })
  for (const { path, what } of shapeDifferences(endpoints!.responses[0]!.value, listed.body)) problems.push(`endpoints: ${path} ${what}`)
  const [info] = referenceOperations('object-store-v1.discoverability.list-activated-capabilities')
  const told = await member.request('GET', '/object-store/info', { expected: 200 })
  for (const { path, what } of shapeDifferences(info!.responses[0]!.value, told.body)) problems.push(`info: ${path} ${what}`)

  // The quick start has no answers printed: its requests, in the version it names.
  const quick = account.replace('/v1/', '/v1.0/')
  const steps: Record<string, [string, string, number]> = {
    'containers.create-container': ['PUT', '/quick', 201],
    'objects.create-or-replace-object': ['PUT', '/quick/o', 201],
    'objects.create-or-update-object-metadata': ['POST', '/quick/o', 202],
    'objects.get-object': ['GET', '/quick/o', 200],
    'objects.show-object-metadata': ['HEAD', '/quick/o', 200],
    'containers.list-objects': ['GET', '/quick', 200],
    'containers.show-container-metadata': ['HEAD', '/quick', 204],
    'accounts.list-containers': ['GET', '', 200],
    'accounts.show-account-metadata': ['HEAD', '', 204],
    'objects.delete-object': ['DELETE', '/quick/o', 204],
    'containers.delete-container': ['DELETE', '/quick', 204],
  }
  const known = referenceOperations('quickstart-object-store-v1.0').map(({ id }) => id.replace('quickstart-object-store-v1.0.', ''))
  assert.deepEqual(Object.keys(steps).sort(), known.sort())
  for (const [method, path, expected] of Object.values(steps))
    await member.request(method, quick + path, { expected, raw: method === 'PUT' ? 'x' : undefined })
  assert.deepEqual(problems, [])
  assert.ok(sent >= 20, `only ${sent} were sent`)
})
