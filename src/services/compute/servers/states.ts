// What clients see as the status, from the two columns that hold it (reference 3.2.1 lists the words).
import type { TaskState, VmState } from './tables.ts'

const byVmState: Record<VmState, string> = { building: 'BUILD', active: 'ACTIVE', stopped: 'SHUTOFF', error: 'ERROR', deleted: 'DELETED' }
const byTaskState: Partial<Record<TaskState, string>> = { rebooting: 'REBOOT', rebooting_hard: 'HARD_REBOOT' }

export const statusOf = (row: { vm_state: VmState; task_state: TaskState | null }): string =>
  (row.task_state && row.vm_state !== 'deleted' ? byTaskState[row.task_state] : undefined) ?? byVmState[row.vm_state]

export interface StateFilter {
  vmState: VmState | null
  /** The task states that it needs, or null: none of those that have a status of their own. */
  taskStates: TaskState[] | null
}

export const ownTaskStates = Object.keys(byTaskState) as TaskState[]

/** Which columns a status means; undefined for a word that no server has. */
export function stateFilter(status: string): StateFilter | undefined {
  const word = status.toUpperCase()
  const task = ownTaskStates.find((state) => byTaskState[state] === word)
  if (task) return { vmState: null, taskStates: [task] }
  const vm = (Object.keys(byVmState) as VmState[]).find((state) => byVmState[state] === word)
  return vm && { vmState: vm, taskStates: null }
}

/** Whether a word for a server's state is a lasting one, and not something that is being done with it. */
export const isVmState = (state: string): boolean => Object.hasOwn(byVmState, state)
