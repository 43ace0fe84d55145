import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { GuestSpec } from './document.ts'
import { newState } from './files.ts'
import { type GuestHave, guestStatus, planGuest } from './plan.ts'
import { guestSpec } from './testing.ts'

const up = { ...newState, made: true, running: true, handled: 'running' as const, bootId: 'b1' }
const down = { ...up, running: false, handled: 'off' as const }

const have = (change: Partial<GuestHave> = {}): GuestHave => ({ state: up, pid: 7, monitor: 'running', bootId: 'b1', ...change })
const gone = (change: Partial<GuestHave> = {}) => have({ pid: null, monitor: null, ...change })

const rows: [string, Partial<GuestSpec> | undefined, GuestHave | undefined, string[]][] = [
  ['nothing there and nothing wished', undefined, undefined, []],
  ['a new guest', {}, undefined, ['fetch image', 'make disks', 'start']],
  [
    'a new guest with kernel and ramdisk',
    { kernel: guestSpec().image, ramdisk: guestSpec().image },
    undefined,
    ['fetch image', 'fetch image', 'fetch image', 'make disks', 'start'],
  ],
  ['a new guest with config drive', { configDrive: true }, undefined, ['fetch image', 'make disks', 'write config drive', 'start']],
  ['a new guest that shall be off', { power: 'off' }, undefined, ['fetch image', 'make disks', 'note']],
  ['making was interrupted', {}, gone({ state: null }), ['fetch image', 'make disks', 'start']],
  ['made, and the agent died before the start', {}, gone({ state: { ...newState, made: true } }), ['start']],
  ['as wished', {}, have(), []],
  ['as wished, monitor hangs', {}, have({ monitor: 'hanging' }), []],
  ['the agent died after the start', {}, have({ state: { ...newState, made: true } }), ['note']],
  ['the agent lost its memory of a running guest', {}, have({ state: null }), ['note']],
  ['off as wished', { power: 'off' }, gone({ state: down }), []],
  ['to be stopped', { power: 'off' }, have(), ['shut down', 'note']],
  ['to be stopped, has stopped itself', { power: 'off' }, have({ monitor: 'shutdown' }), ['end process', 'note']],
  ['to be stopped, crashed', { power: 'off' }, gone(), ['note']],
  ['to be started again', {}, gone({ state: down }), ['start']],
  [
    'to be started with a new config drive',
    { configDrive: true },
    gone({ state: { ...down, configDrive: 'old' } }),
    ['write config drive', 'start'],
  ],
  ['to be started with the config drive it has', { configDrive: true }, gone({ state: { ...down, configDrive: 'digest' } }), ['start']],
  ['crashed: control decides', {}, gone(), []],
  ['has switched itself off', {}, have({ monitor: 'shutdown' }), ['end process']],
  ['had switched itself off', {}, gone({ state: { ...up, running: false } }), []],
  ['the machine was started anew', {}, gone({ bootId: 'b2' }), ['start']],
  [
    'the machine was started anew after the guest had switched itself off',
    {},
    gone({ bootId: 'b2', state: { ...up, running: false } }),
    [],
  ],
  ['the machine was started anew, guest stopped', { power: 'off' }, gone({ bootId: 'b2', state: down }), []],
  ['a reboot was cut off between end and start: it is begun again as a job', {}, gone({ state: { ...up, running: false } }), []],
  ['to be removed, running', undefined, have(), ['end process', 'remove']],
  ['to be removed, off', undefined, gone({ state: down }), ['remove']],
  ['to be removed, half made', undefined, gone({ state: null }), ['remove']],
]
for (const [name, want, has, steps] of rows) {
  test(name, () => {
    const spec = want && guestSpec(want)
    const changes = planGuest(spec, has, spec?.configDrive ? 'digest' : null)
    assert.deepEqual(
      changes.map((change) => change.do),
      steps,
    )
  })
}

test('a stop gives the guest the time that its document gives', () => {
  assert.deepEqual(planGuest(guestSpec({ power: 'off', shutdownTimeout: 9 }), have(), null), [
    { do: 'shut down', timeout: 9 },
    { do: 'note', state: { running: false, handled: 'off' } },
  ])
})

const powers: [string, GuestHave | undefined, string][] = [
  ['none', undefined, 'off'],
  ['running', have(), 'running'],
  ['hanging', have({ monitor: 'hanging' }), 'running'],
  ['paused', have({ monitor: 'paused' }), 'paused'],
  ['switched itself off', have({ monitor: 'shutdown' }), 'off'],
  ['stopped', gone({ state: down }), 'off'],
  ['killed', gone(), 'crashed'],
]
for (const [name, has, power] of powers) {
  test(`reported power: ${name}`, () => assert.equal(guestStatus(has).power, power))
}
