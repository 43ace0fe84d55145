import { escapeHtml, Fault, type FaultDialect, jsonFault, title } from '../../api/faults.ts'

/** A page, or JSON for those who ask for it. */
export const faults: FaultDialect = {
  render({ status, message }, accept) {
    const heading = `${status} ${title(status)}`
    if (accept?.includes('application/json')) return jsonFault({ message, code: heading, title: title(status) })
    const text = `<html>\n <head>\n  <title>${heading}</title>\n </head>\n <body>\n  <h1>${heading}</h1>\n  ${escapeHtml(message)}<br /><br />\n\n\n </body>\n</html>`
    return { type: 'text/html; charset=UTF-8', text }
  },
  quota: (resource, limit, inUse, requested) =>
    new Fault(413, `Quota exceeded for ${resource}: limit ${limit}, in use ${inUse}, requested ${requested}.`),
}
