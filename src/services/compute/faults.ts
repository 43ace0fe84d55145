import { badRequest, type FaultDialect, jsonFault } from '../../api/faults.ts'
import { quotaFault } from './quotas.ts'
import { isVmState } from './servers/states.ts'

const names: Record<number, string> = {
  400: 'badRequest',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'itemNotFound',
  405: 'badMethod',
  409: 'conflictingRequest',
  413: 'overLimit',
  415: 'badMediaType',
  429: 'overLimit',
  501: 'notImplemented',
  503: 'serviceUnavailable',
}

/** `{"itemNotFound": {...}}`: the name of the fault is the key. */
export const faults: FaultDialect = {
  render: ({ status, message }) => jsonFault({ [names[status] ?? 'computeFault']: { code: status, message } }),
  quota: quotaFault,
  wrongState: {
    status: 409,
    message: (what, state, id) =>
      `Cannot '${what.replace(/^os-/, '')}' instance ${id} while it is in ${isVmState(state) ? 'vm_state' : 'task_state'} ${state}`,
  },
  foreignProject: (asked, own) =>
    badRequest(`Malformed request URL: URL's project_id '${asked.slice(0, 64)}' doesn't match Context's project_id '${own}'`),
}
