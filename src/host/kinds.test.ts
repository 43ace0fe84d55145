import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createEnvironment } from '../environment.ts'
import type { Driver, Host } from './driver.ts'
import { createFakeHost } from './fake/fake-host.ts'
import { kindOf, kinds, type SpecOf, type StatusOf } from './kinds.ts'

test('each kind is declared once, and the fake host has a driver of each', () => {
  assert.equal(new Set(kinds).size, kinds.length)
  const host = createFakeHost({ name: 'h', environment: createEnvironment(), delayMs: 0, faults: null })
  for (const kind of kinds) assert.deepEqual([kindOf(kind).name, host.drivers[kind].kind], [kind, kind])
  assert.deepEqual(Object.keys(host.inventory()), [...kinds])
})

test('a host that lacks a driver, or has one of another kind, does not compile', () => {
  const network = {} as Driver<'network'>
  // @ts-expect-error: the other kinds are missing
  const lacking: Host['drivers'] = { network }
  // @ts-expect-error: a router's driver is none of networks
  const swapped: Host['drivers']['network'] = {} as Driver<'router'>
  // @ts-expect-error: a network has no power
  const status: StatusOf['network'] = { power: 'off' }
  // @ts-expect-error: a guest has no subnets
  const spec: Partial<SpecOf['guest']> = { subnets: [] }
  assert.deepEqual([lacking, swapped, status, spec].length, 4)
})
