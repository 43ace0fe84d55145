import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { answerCall, calls, eachCall } from './calls.ts'

/** A host that writes down what it is asked. */
function listening() {
  const asked: unknown[] = []
  const host = eachCall((name, isStream) => async (input) => {
    asked.push([name, input])
    return isStream ? new PassThrough() : `${name} answered`
  })
  return { host, asked }
}

const right: [string, object][] = [
  ['consoleLog', { guestId: 'g1' }],
  ['consoleLog', { guestId: 'g1', lines: 0 }],
  ['forgetImage', { sha512: 'a'.repeat(128) }],
  ['vnc', { guestId: '11111111-2222-4333-8444-555555555555' }],
  ['serial', { guestId: 'g1' }],
  ['tcp', { address: '172.24.4.10', port: 22 }],
]

test('each call reaches the host with its input, and gives an answer or a stream as it is declared', async () => {
  const { host, asked } = listening()
  for (const [name, input] of right) {
    const given = await answerCall(host, name, input)
    if (calls[name as keyof typeof calls].isStream) assert.ok('stream' in given && given.stream instanceof PassThrough)
    else assert.deepEqual(given, { answer: `${name} answered` })
  }
  assert.deepEqual(asked, right)
  assert.deepEqual([...new Set(right.map(([name]) => name))].sort(), Object.keys(calls).sort(), 'all are tried')
})

test('security-13: what is no call, or not its input, never reaches the host, and the refusal says why', async () => {
  const { host, asked } = listening()
  for (const [name, input, why] of [
    ['close', {}, /knows no call "close"/],
    ['constructor', {}, /knows no call/],
    ['__proto__', {}, /knows no call/],
    [undefined, {}, /knows no call/],
    [7, {}, /knows no call/],
    ['consoleLog', {}, /consoleLog .* guestId/],
    ['consoleLog', { guestId: '../../etc' }, /guestId/],
    ['consoleLog', { guestId: 'g\n' }, /guestId/],
    ['consoleLog', { guestId: {} }, /guestId/],
    ['consoleLog', { guestId: 'g1', lines: -1 }, /lines/],
    ['consoleLog', { guestId: 'g1', lines: 1.5 }, /lines/],
    ['consoleLog', { guestId: 'g1', more: true }, /more/],
    ['consoleLog', null, /its input/],
    ['forgetImage', { sha512: `${'a'.repeat(127)}/` }, /sha512/],
    ['vnc', { guestId: '' }, /guestId/],
    ['tcp', { address: '10.0.0.5', port: '22' }, /port/],
    ['tcp', { address: '10.0.0.5', port: 70_000 }, /port/],
    ['tcp', { address: '', port: 22 }, /address/],
  ] as const)
    await assert.rejects(answerCall(host, name, input), why, String(name))
  assert.deepEqual(asked, [])
})
