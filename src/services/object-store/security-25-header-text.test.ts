import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withContainer } from '../../testing/object-store/store.ts'
import { testCloud } from '../../testing/test-cloud.ts'
import { longestTurn, onThisMachine } from '../../testing/turns.ts'

const long = (text: string) => text.repeat(30_000 / text.length)

test('security-25: headers as long as they may be are read in no time, whatever stands in them', async () => {
  await using cloud = await testCloud()
  const { at, call, member, account } = await withContainer(cloud)
  await call('PUT', 'o', 201, { raw: 'text' })
  const own = `${cloud.url}/object-store`
  const kinds: [string, string, string, string, number][] = [
    ['GET', at('o'), 'range', `bytes=${long(' ')}x`, 200],
    ['GET', at('o'), 'range', `bytes=1${long(' ')}x`, 200],
    ['GET', at('o'), 'range', `bytes=1-${long(' ')}x`, 200],
    ['GET', at('o'), 'if-none-match', `${long('"')}x`, 200],
    ['POST', at(''), 'x-versions-location', `a${long('/')}x`, 412],
    ['POST', at(''), 'x-container-sync-to', `${own}/v1${long('/')}a/b/c`, 204],
    ['POST', at(''), 'content-type', `multipart/form-data;${long('boundary ')}`, 204],
    ['PUT', at('p'), 'x-copy-from', `c${long('/')}`, 400],
    ['GET', account, 'accept', long(' ,'), 406],
  ]
  const held: string[] = []
  for (const [method, path, name, value, expected] of kinds) {
    const work = () => member.request(method, path, { headers: { [name]: value }, expected })
    await work()
    const longest = await longestTurn(work)
    if (longest >= onThisMachine(50)) held.push(`${name}: ${longest} ms`)
  }
  assert.deepEqual(held, [])
})
