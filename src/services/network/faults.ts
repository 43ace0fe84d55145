import { type FaultDialect, jsonFault, title } from '../../api/faults.ts'
import { overQuota } from './wire/faults.ts'

/** `{"NeutronError": {...}}`, with the name of the fault. */
export const faults: FaultDialect = {
  render: ({ status, message, type = `HTTP${title(status).replaceAll(' ', '')}` }) =>
    jsonFault({ NeutronError: { type, message, detail: '' } }),
  quota: overQuota,
}
