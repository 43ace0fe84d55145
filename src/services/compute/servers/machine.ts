// What may happen to a server, in one table: its lasting state (vm_state), what is being done with it (task_state) and what its guest is
// (power_state). Reference 3.2.1 and 3.4.
import { machine } from '../../../db/machine.ts'
import './tables.ts'
import { powerStates, type TaskState, type VmState } from './tables.ts'

const { none, running, shutdown, crashed } = powerStates
const idle = [null] as const
const beingMade = ['scheduling', 'networking', 'spawning'] as const
const there = ['building', 'active', 'stopped', 'error'] as const

export type ServerState = VmState | TaskState

export interface ServerStates {
  vm_state: VmState
  task_state: TaskState | null
  power_state: number
}

export const serverMachine = machine<ServerStates>()({
  name: 'server',
  table: 'compute_servers',
  columns: ['vm_state', 'task_state', 'power_state'],
  alive: { column: 'deleted_at', is: null },
  initial: [{ vm_state: 'building', task_state: 'scheduling', power_state: none }],
  // How far a new server has come is nobody's matter: it is `building`.
  state: ({ vm_state, task_state }): ServerState =>
    vm_state === 'building' && task_state !== 'deleting' ? vm_state : (task_state ?? vm_state),
  events: {
    // An administrator may set the state of a server that is being made: it is made all the same.
    scheduled: { from: { vm_state: there, task_state: ['scheduling', null] }, to: { task_state: 'networking' } },
    portsBound: { from: { vm_state: there, task_state: ['networking', null] }, to: { task_state: 'spawning' } },
    created: {
      from: { vm_state: there, task_state: ['spawning', null] },
      to: { vm_state: 'active', task_state: null, power_state: running },
    },
    createFailed: {
      from: { vm_state: there, task_state: [...beingMade, null] },
      to: { vm_state: 'error', task_state: null, power_state: none },
    },

    start: { from: { vm_state: ['stopped'], task_state: idle }, to: { task_state: 'powering-on' } },
    started: { from: { task_state: ['powering-on'] }, to: { vm_state: 'active', task_state: null, power_state: running } },
    startFailed: { from: { task_state: ['powering-on'] }, to: { task_state: null } },

    stop: { from: { vm_state: ['active', 'error'], task_state: idle }, to: { task_state: 'powering-off' } },
    stopped: { from: { task_state: ['powering-off'] }, to: { vm_state: 'stopped', task_state: null, power_state: shutdown } },
    stopFailed: { from: { task_state: ['powering-off'] }, to: { task_state: null } },

    rebootSoft: { from: { vm_state: ['active'], task_state: idle }, to: { task_state: 'rebooting' } },
    rebootHard: {
      // In place of any reboot that is going on.
      from: { vm_state: ['active', 'stopped', 'error'], task_state: [null, 'rebooting', 'rebooting_hard'] },
      to: { task_state: 'rebooting_hard' },
    },
    rebootedSoft: { from: { task_state: ['rebooting'] }, to: { vm_state: 'active', task_state: null, power_state: running } },
    rebootedHard: { from: { task_state: ['rebooting_hard'] }, to: { vm_state: 'active', task_state: null, power_state: running } },
    rebootFailed: { from: { task_state: ['rebooting', 'rebooting_hard'] }, to: { task_state: null } },

    // The guest ended by itself; while something is being done with it, that decides.
    shutDown: { from: { vm_state: ['active'], task_state: idle }, to: { vm_state: 'stopped', power_state: shutdown } },
    crashed: { from: { vm_state: ['active'], task_state: idle }, to: { vm_state: 'stopped', power_state: crashed } },

    resetActive: { from: { vm_state: there }, to: { vm_state: 'active', task_state: null } },
    resetError: { from: { vm_state: there }, to: { vm_state: 'error', task_state: null } },

    // In every state, also while the server is being made: that is then undone first.
    delete: {
      from: {
        vm_state: there,
        task_state: [null, ...beingMade, 'powering-on', 'powering-off', 'rebooting', 'rebooting_hard'],
      },
      to: { task_state: 'deleting' },
    },
    deleted: { from: { vm_state: there }, to: { vm_state: 'deleted', task_state: null, power_state: none } },
    deleteFailed: { from: { vm_state: there }, to: { vm_state: 'error', task_state: null } },
  },
})

export type ServerEvent = keyof typeof serverMachine.events
