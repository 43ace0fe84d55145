import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { guestSpec } from '../../testing/host/guests.ts'
import { connectQmp } from '../commands/qmp.ts'
import { planDevices } from './device-plan.ts'
import { readDevices, shownDevices } from './devices.ts'

/** What is read of a QEMU that answers each command with what `answers` has for it. */
async function devicesSaid(answers: Record<string, unknown>) {
  const folder = mkdtempSync(join(tmpdir(), 'devices-'))
  const sockets: Socket[] = []
  let asked = 0
  const server = createServer((socket) => {
    sockets.push(socket)
    socket.write('{"QMP": {}}\n')
    socket.setEncoding('utf8').on('data', (text: string) => {
      for (const line of text.split('\n').filter(Boolean)) {
        const { execute, id } = JSON.parse(line)
        asked++
        socket.write(`${JSON.stringify({ id, return: answers[execute] ?? {} })}\n`)
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(join(folder, 's'), resolve))
  try {
    const qmp = await connectQmp(join(folder, 's'))
    const devices = await readDevices(qmp)
    qmp.close()
    return { devices, asked }
  } finally {
    for (const socket of sockets) socket.destroy()
    server.close()
    rmSync(folder, { recursive: true })
  }
}

const garbage = [
  null,
  1,
  'text',
  [],
  [null, 1, [], { inserted: 7 }],
  { a: { b: 1 } },
  [
    { name: 7, type: [] },
    { slot: 'x', devices: 3 },
  ],
]
test('security-04: answers of a QEMU that was taken over, whatever they are, are read as no devices', async () => {
  for (const answer of garbage) {
    const all = ['query-block', 'query-named-block-nodes', 'qom-list', 'qom-get', 'query-pci']
    const { devices } = await devicesSaid(Object.fromEntries(all.map((command) => [command, answer])))
    assert.deepEqual([devices.disks.size, devices.nics.size, devices.channels.size], [0, 0, 0], JSON.stringify(answer))
  }
})

test('security-04: as many devices as it likes cost little, and names of any form name nothing but its own', async () => {
  const many = <T>(one: (index: number) => T) => Array.from({ length: 5000 }, (_, index) => one(index))
  const { devices, asked } = await devicesSaid({
    'query-block': many((index) => ({ inserted: { 'node-name': `../../${index}${'x'.repeat(50)}`, image: { 'virtual-size': '9' } } })),
    'qom-list': many((index) => ({ name: `nic-${index}`, type: 'child<virtio-net-pci>' })),
    'qom-get': 'y'.repeat(1000),
  })
  assert.ok(asked < 100, String(asked))
  assert.ok(JSON.stringify(shownDevices(devices)).length < 16_384)
  for (const change of planDevices(guestSpec(), devices)) assert.match(change.do, /^remove|^add disk$/)
})
