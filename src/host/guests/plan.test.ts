import assert from 'node:assert/strict'
import { test } from 'node:test'
import { blankDisk, guestSpec, testDisks, testImage } from '../../testing/host/guests.ts'
import { hasConfigDrive } from './config-drive.ts'
import type { Devices } from './devices.ts'
import type { GuestSpec } from './document.ts'
import { newState } from './files.ts'
import { type GuestHave, guestStatus, planGuest } from './plan.ts'

const up = { ...newState, running: true, handled: 'running' as const, bootId: 'b1' }
const down = { ...up, running: false, handled: 'off' as const }

const devices = (change: Partial<Devices> = {}): Devices => ({
  disks: new Map([['root', { attached: true, bytes: 2 ** 30, limits: {} }]]),
  nics: new Map(),
  channels: new Set(),
  takesChannels: false,
  slots: new Set([0, 1, 2, 3, 4]),
  ...change,
})
const have = (change: Partial<GuestHave> = {}): GuestHave => ({
  state: up,
  pid: 7,
  monitor: 'running',
  devices: devices(),
  files: ['root.qcow2', 'base.img'],
  bootId: 'b1',
  ...change,
})
const gone = (change: Partial<GuestHave> = {}) => have({ pid: null, monitor: null, devices: null, ...change })

const rows: [string, Partial<GuestSpec> | undefined, GuestHave | undefined, string[]][] = [
  ['nothing there and nothing wished', undefined, undefined, []],
  ['a new guest', {}, undefined, ['fetch image', 'make disk', 'start']],
  [
    'a new guest with kernel and ramdisk',
    { kernel: testImage, ramdisk: testImage },
    undefined,
    ['fetch image', 'fetch image', 'fetch image', 'make disk', 'start'],
  ],
  [
    'a new guest with config drive',
    { disks: testDisks(testImage, { configDrive: true }) },
    undefined,
    ['fetch image', 'make disk', 'write config drive', 'start'],
  ],
  ['a new guest that shall be off', { power: 'off' }, undefined, ['fetch image', 'make disk', 'note']],
  ['making was interrupted', {}, gone({ state: null, files: ['base.img'] }), ['fetch image', 'make disk', 'start']],
  ['made, and the agent died before the start', {}, gone({ state: newState }), ['start']],
  ['as wished', {}, have(), []],
  ['as wished, monitor hangs', {}, have({ monitor: 'hanging' }), []],
  ['monitor hangs since the agent began', {}, have({ monitor: 'hanging', devices: null }), ['look at devices']],
  ['its start was cut off', {}, have({ monitor: 'prelaunch', state: down }), ['end process', 'start']],
  ['its start was cut off, and it shall be off', { power: 'off' }, have({ monitor: 'prelaunch', state: down }), ['end process', 'note']],
  [
    'a disk that it has no more, while it is off',
    { power: 'off' },
    gone({ state: down, files: ['root.qcow2', 'base.img', 'data.raw', 'kernel'] }),
    ['remove disk file'],
  ],
  ['the agent died after the start', {}, have({ state: newState }), ['note']],
  ['the agent lost its memory of a running guest', {}, have({ state: null }), ['note']],
  ['off as wished', { power: 'off' }, gone({ state: down }), []],
  ['to be stopped', { power: 'off' }, have(), ['shut down', 'note']],
  ['to be stopped, has stopped itself', { power: 'off' }, have({ monitor: 'shutdown' }), ['end process', 'note']],
  ['to be stopped, crashed', { power: 'off' }, gone(), ['note']],
  ['to be started again', {}, gone({ state: down }), ['start']],
  [
    'to be started with a new config drive',
    { disks: testDisks(testImage, { configDrive: true }) },
    gone({ state: { ...down, configDrive: 'old' } }),
    ['write config drive', 'start'],
  ],
  [
    'to be started with the config drive it has',
    { disks: testDisks(testImage, { configDrive: true }) },
    gone({ state: { ...down, configDrive: 'digest' } }),
    ['start'],
  ],
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
    const changes = planGuest(spec, has, spec && hasConfigDrive(spec) ? 'digest' : null)
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

const nic = { portId: 'p', mac: 'FA:16:3e:00:00:01', mtu: 1450 }
const data = { attached: true, bytes: 8 * 2 ** 20, limits: {} }
const withData = new Map([...devices().disks, ['data', data]])
const changes: [string, Partial<GuestSpec>, Partial<Devices>, string[], string[]?][] = [
  ['a disk more', { disks: [...testDisks(), blankDisk('data', 8)] }, {}, ['make disk', 'add disk']],
  ['a disk more, whose file is there', { disks: [...testDisks(), blankDisk('data', 8)] }, {}, ['add disk'], ['data.raw']],
  [
    'a disk that was left half added',
    { disks: [...testDisks(), blankDisk('data', 8)] },
    { disks: new Map([...devices().disks, ['data', { ...data, attached: false }]]) },
    ['add disk'],
    ['data.raw'],
  ],
  ['a disk less', {}, { disks: withData }, ['remove disk', 'remove disk file'], ['data.raw']],
  [
    'a disk in place of another',
    { disks: [...testDisks(), blankDisk('other', 8)] },
    { disks: withData },
    ['remove disk', 'remove disk file', 'make disk', 'add disk'],
    ['data.raw'],
  ],
  ['a disk as it is', { disks: [...testDisks(), blankDisk('data', 8)] }, { disks: withData }, [], ['data.raw']],
  ['a disk that grows', { disks: [...testDisks(), blankDisk('data', 9)] }, { disks: withData }, ['grow disk'], ['data.raw']],
  ['a disk never shrinks', { disks: [...testDisks(), blankDisk('data', 7)] }, { disks: withData }, [], ['data.raw']],
  [
    'a disk that is slower',
    { disks: [...testDisks(), { ...blankDisk('data', 8), limits: { totalOperations: 100 } }] },
    { disks: withData },
    ['limit disk'],
    ['data.raw'],
  ],
  [
    'a disk that is as slow',
    { disks: [...testDisks(), { ...blankDisk('data', 8), limits: { totalOperations: 100, readBytes: 0 } }] },
    { disks: new Map([...devices().disks, ['data', { ...data, limits: { totalOperations: 100 } }]]) },
    [],
    ['data.raw'],
  ],
  ['a nic more', { nics: [nic] }, {}, ['add nic']],
  ['a nic as it is', { nics: [nic] }, { nics: new Map([['nic-p', 'fa:16:3e:00:00:01']]) }, []],
  [
    'a nic with another MTU waits for the next start',
    { nics: [{ ...nic, mtu: 9000 }] },
    { nics: new Map([['nic-p', 'fa:16:3e:00:00:01']]) },
    [],
  ],
  ['a nic with another address', { nics: [nic] }, { nics: new Map([['nic-p', 'fa:16:3e:00:00:02']]) }, ['remove nic', 'add nic']],
  ['a nic of a guest that an earlier version has started', { nics: [nic] }, { nics: new Map([['nic0', 'fa:16:3e:00:00:01']]) }, []],
  ['a nic less', {}, { nics: new Map([['nic-p', 'fa:16:3e:00:00:01']]) }, ['remove nic']],
  ['a channel more', { channels: [{ name: 'a' }] }, {}, ['add channel']],
  ['a channel less', {}, { channels: new Set(['a']) }, ['remove channel']],
  ['a config drive waits for the next start', { disks: testDisks(testImage, { configDrive: true }) }, {}, []],
]
for (const [name, want, has, steps, files = []] of changes) {
  test(`a running guest: ${name}`, () => {
    const there = have({ devices: devices(has), files: ['root.qcow2', 'base.img', ...files] })
    assert.deepEqual(
      planGuest(guestSpec(want), there, null).map((change) => change.do),
      steps,
    )
  })
}
