// One list of what can go wrong for a client, and an envelope for each service's style.

export class Fault extends Error {
  readonly status: number
  /** The service's own name for it: `PortNotFound`. */
  readonly type: string | undefined
  readonly headers: Record<string, string>
  constructor(status: number, message: string, more: { type?: string; headers?: Record<string, string> } = {}) {
    super(message)
    this.status = status
    this.type = more.type
    this.headers = more.headers ?? {}
  }
}

export const badRequest = (message: string, type?: string) => new Fault(400, message, { type })
export const unauthorized = (message = 'The request you have made requires authentication.') => new Fault(401, message)
export const forbidden = (message: string, type?: string) => new Fault(403, message, { type })
export const notFound = (message: string, type?: string) => new Fault(404, message, { type })
export const conflict = (message: string, type?: string) => new Fault(409, message, { type })
export const tooLarge = (message = 'The request body is too large.') => new Fault(413, message)
export const notBuilt = (what: string) => new Fault(501, `${what} is documented but not built in this version of Nephos yet.`)

const titles: Record<number, string> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  406: 'Not Acceptable',
  408: 'Request Timeout',
  409: 'Conflict',
  410: 'Gone',
  411: 'Length Required',
  412: 'Precondition Failed',
  413: 'Request Entity Too Large',
  415: 'Unsupported Media Type',
  416: 'Requested Range Not Satisfiable',
  422: 'Unprocessable Entity',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  503: 'Service Unavailable',
  507: 'Insufficient Storage',
}
export const title = (status: number): string => titles[status] ?? 'Error'

export type FaultStyle = 'compute' | 'identity' | 'image' | 'network' | 'object-store'

const computeNames: Record<number, string> = {
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

const escapeHtml = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

/** Status, content type and text of a fault as that service's clients expect it. */
export function renderFault(style: FaultStyle, fault: Fault, accept: string | undefined): { type: string; text: string } {
  const { status, message } = fault
  const json = (body: unknown) => ({ type: 'application/json', text: JSON.stringify(body) })
  if (style === 'identity') return json({ error: { code: status, message, title: title(status) } })
  if (style === 'network')
    return json({ NeutronError: { type: fault.type ?? `HTTP${title(status).replaceAll(' ', '')}`, message, detail: '' } })
  if (style === 'image') {
    if (accept?.includes('application/json')) return json({ message, code: `${status} ${title(status)}`, title: title(status) })
    const heading = `${status} ${title(status)}`
    const html = `<html>\n <head>\n  <title>${heading}</title>\n </head>\n <body>\n  <h1>${heading}</h1>\n  ${escapeHtml(message)}<br /><br />\n\n\n </body>\n</html>`
    return { type: 'text/html; charset=UTF-8', text: html }
  }
  if (style === 'object-store') {
    if (fault.type === 'plain') return { type: fault.headers['content-type'] ?? 'text/plain; charset=UTF-8', text: message }
    return { type: 'text/html; charset=UTF-8', text: `<html><h1>${title(status)}</h1><p>${escapeHtml(message)}</p></html>` }
  }
  return json({ [computeNames[status] ?? 'computeFault']: { code: status, message } })
}
