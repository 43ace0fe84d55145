import assert from 'node:assert/strict'
import { test } from 'node:test'
import { accessIp } from './access-ip.ts'

const spellings: [string | null, string | null][] = [
  ['0000:0000:0000:0000:0000:babe:220.12.22.2', '::babe:dc0c:1602'],
  ['2001:DB8::0:1', '2001:db8::1'],
  ['10.1.2.3', '10.1.2.3'],
  ['', null],
  [null, null],
]
for (const [given, kept] of spellings)
  test(`access address ${JSON.stringify(given)} is kept as ${kept}`, () => assert.equal(accessIp(given), kept))
