import { type FaultDialect, jsonFault, title } from '../../api/faults.ts'

/** `{"error": {...}}`. */
export const faults: FaultDialect = {
  render: ({ status, message }) => jsonFault({ error: { code: status, message, title: title(status) } }),
}
