// security class 13: what stands in a document ends in names of files and in lines for programs of root, and the control process, which
// writes it, has fewer rights than the agent. A value that is none of its kind changes nothing.
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { HostDocument } from './documents.ts'
import { formatOf } from './guests/images.ts'
import { openJournal } from './journal.ts'
import type { NetworkSpec } from './networks/document.ts'
import { planNetwork } from './networks/plan.ts'
import type { RouterSpec } from './routers/document.ts'
import { wantedLinks } from './routers/plan.ts'

const id = '11111111-0000-4000-8000-000000000000'
const network: NetworkSpec = { external: false, adminUp: true, mtu: 1500, dnsDomain: '', dhcpMac: null, subnets: [] }

test('security-13: a document is kept in the folder of documents, whatever it calls itself', () => {
  const folder = mkdtempSync(join(tmpdir(), 'nephos-journal-'))
  try {
    const journal = openJournal(join(folder, 'agent'))
    const document = (kind: string, name: string) => ({ kind, id: name, generation: 1, spec: network }) as HostDocument
    for (const [kind, name] of [
      ['network', '/../../../escaped'],
      ['network', `../../${id}`],
      ['../../escaped', id],
      ['network', 'a\0b'],
      ['network', ''],
    ] as const) {
      assert.throws(() => journal.save([document(kind, name)]), /names no document/)
      assert.throws(() => journal.forget(document(kind, name)), /names no document/)
    }
    journal.save([document('network', id)])
    assert.deepEqual([readdirSync(folder), journal.load().length], [['agent'], 1])
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('security-13: numbers are numbers before they stand among words for ip', () => {
  for (const mtu of ['1500 netns 1', '1500', 1.5, 0, 70_000, null])
    assert.throws(() => planNetwork('/run', id, { ...network, mtu: mtu as number }, undefined), /is not an MTU/)
  for (const prefixLength of ['24 dev lo', 33, -1, null, {}]) {
    const fixedIps = [{ subnetId: id, ip: '10.0.0.1', prefixLength: prefixLength as number }]
    const interfaces = [{ portId: id, networkId: id, mac: 'fa:16:3e:00:00:01', fixedIps }]
    const router: RouterSpec = { adminUp: true, interfaces, gateway: null, floatingIps: [], routes: [] }
    assert.throws(() => wantedLinks('ns', id, router, new Map([[id, network]])), /has no valid prefix length/)
  }
})

test('security-13: an image has one of two formats, as QEMU has drivers for many things', () => {
  for (const format of ['vvfat', 'nbd', '', undefined])
    assert.throws(() => formatOf({ id, format: format as 'raw', size: 1, sha512: '' }), /is no format of a guest's image/)
  assert.equal(formatOf({ id, format: 'qcow2', size: 1, sha512: '' }), 'qcow2')
})
