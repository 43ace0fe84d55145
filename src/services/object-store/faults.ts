import { escapeHtml, type FaultDialect, title } from '../../api/faults.ts'

/** A page, or the text as it is where the fault says so. */
export const faults: FaultDialect = {
  render({ status, message, type, headers }) {
    if (type === 'plain') return { type: headers['content-type'] ?? 'text/plain; charset=UTF-8', text: message }
    return { type: 'text/html; charset=UTF-8', text: `<html><h1>${title(status)}</h1><p>${escapeHtml(message)}</p></html>` }
  },
}
