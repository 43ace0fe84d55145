import assert from 'node:assert/strict'
import { test } from 'node:test'
import { detachedFaults } from './detached.ts'

const refused = [
  'void listen()',
  '  void (async () => {\n    await x()\n  })()',
  "server.on('request', (request, response) => void answer(request, response))",
  'const f = () => void store.save(row).then((saved) => tell(saved))',
  'if (x) return void sendImage(cloud, response)',
  'tx.afterCommit(() => void discard(cloud, kept))',
]
for (const source of refused)
  test(`${JSON.stringify(source.slice(0, 60))} is refused`, () => {
    const faults = detachedFaults('src/x.ts', source)
    assert.equal(faults.length, 1)
    assert.match(faults[0]!, /^src\/x\.ts:1: .*caught by nobody/)
  })

const fine = [
  'void listen().catch(() => {})',
  'void run().then(\n  (x) => y,\n  (error) => log(error),\n)',
  'void run()\n  .then((x) => y)\n  .catch(() => {})',
  'const f = (x: number): void => {}',
  'interface X { end(): void }',
  'type F = () => void\nconst g = run()',
  'onChange: (listener) => void listeners.push(listener),',
  'handle: async ({ tx }) => void (await remove(tx.db)),',
  '// void answer(request)',
  'return void socket.destroy()',
]
for (const source of fine)
  test(`${JSON.stringify(source.slice(0, 60))} is fine`, () => assert.deepEqual(detachedFaults('src/x.ts', source), []))
