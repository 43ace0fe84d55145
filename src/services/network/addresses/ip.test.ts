import assert from 'node:assert/strict'
import { isIP } from 'node:net'
import { test } from 'node:test'
import { seededRandom } from '../../../environment.ts'
import { contains, eui64, formatCidr, overlap, parseCidr } from './cidr.ts'
import { canonicalIp, formatIp, fromKey, keyOf, parseIp } from './ip.ts'
import { defaultPools } from './pools.ts'

const spellings: [text: string, canonical: string | null][] = [
  ['10.0.0.1', '10.0.0.1'],
  ['10.0.0.01', null],
  ['10.0.0', null],
  ['10.0.0.256', null],
  [' 10.0.0.1', null],
  ['::', '::'],
  ['::1', '::1'],
  ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
  ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
  ['::ffff:10.0.0.1', '::ffff:a00:1'],
  ['fe80::1%eth0', null],
  ['fe80:::1', null],
  ['', null],
]
for (const [text, canonical] of spellings) test(`'${text}' is ${canonical}`, () => assert.equal(canonicalIp(text), canonical))

test('any number survives being written and read, also as a key, and keys sort as numbers do', () => {
  const random = seededRandom('addresses')
  let last = { key: '', value: -1n }
  const ips = Array.from({ length: 300 }, (_, i) => {
    const version = i % 2 ? 4 : 6
    const zeros = Math.floor(random.float() * 16)
    const bytes = random.bytes(version === 4 ? 4 : 16).map((byte, at) => (at < zeros ? 0 : byte))
    return { version, value: BigInt(`0x${Buffer.from(bytes).toString('hex')}`) } as const
  })
  for (const ip of ips) {
    assert.equal(isIP(formatIp(ip)), ip.version)
    assert.deepEqual(parseIp(formatIp(ip)), ip)
    assert.deepEqual(fromKey(keyOf(ip)), ip)
  }
  for (const ip of ips.filter(({ version }) => version === 6).sort((a, b) => (a.value < b.value ? -1 : 1))) {
    if (ip.value > last.value) assert.ok(keyOf(ip) > last.key)
    last = { key: keyOf(ip), value: ip.value }
  }
})

test('ranges', () => {
  assert.equal(formatCidr(parseCidr('10.1.2.3/16')!), '10.1.0.0/16')
  assert.equal(formatCidr(parseCidr('10.1.2.3')!), '10.1.2.3/32')
  for (const bad of ['10.0.0.0/33', '10.0.0.0/', '10.0.0.0/08', '10.0.0.0/24/1', '::/129', 'x/8']) assert.equal(parseCidr(bad), null, bad)
  assert.ok(contains(parseCidr('10.0.0.0/8')!, parseIp('10.255.255.255')!))
  assert.ok(!contains(parseCidr('10.0.0.0/8')!, parseIp('11.0.0.0')!))
  assert.ok(!contains(parseCidr('::/0')!, parseIp('10.0.0.1')!))
  assert.ok(overlap(parseCidr('10.0.0.0/8')!, parseCidr('10.20.0.0/16')!))
  assert.ok(!overlap(parseCidr('10.0.0.0/9')!, parseCidr('10.128.0.0/9')!))
  assert.equal(eui64(parseCidr('2001:db8::/64')!, 'fa:16:3e:12:34:56'), '2001:db8::f816:3eff:fe12:3456')
})

test('pools leave out network, broadcast and gateway', () => {
  const pools = (cidr: string, gateway: string | null) => defaultPools(parseCidr(cidr)!, gateway === null ? null : parseIp(gateway)!.value)
  assert.deepEqual(pools('10.0.0.0/24', '10.0.0.1'), [{ start: '10.0.0.2', end: '10.0.0.254' }])
  assert.deepEqual(pools('10.0.0.0/24', '10.0.0.254'), [{ start: '10.0.0.1', end: '10.0.0.253' }])
  assert.deepEqual(pools('10.0.0.0/29', '10.0.0.3'), [
    { start: '10.0.0.1', end: '10.0.0.2' },
    { start: '10.0.0.4', end: '10.0.0.6' },
  ])
  assert.deepEqual(pools('10.0.0.0/30', null), [{ start: '10.0.0.1', end: '10.0.0.2' }])
  assert.deepEqual(pools('10.0.0.0/31', null), [{ start: '10.0.0.0', end: '10.0.0.1' }])
  assert.deepEqual(pools('2001:db8::/64', '2001:db8::1'), [{ start: '2001:db8::2', end: '2001:db8::ffff:ffff:ffff:ffff' }])
})
