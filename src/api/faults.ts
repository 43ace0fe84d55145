// One list of what can go wrong for a client. How it is written is the service's: `faults.ts` of its folder.

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

/** How a service writes faults, and what it says where others would say something else. */
export interface FaultDialect {
  /** Content type and text of a fault as that service's clients expect it. `accept` is the request's header. */
  render(fault: Fault, accept: string | undefined): RenderedFault
  /** Schema of a fault's JSON, for its form in XML where that is not the dialect's. */
  xml?: object
  /** Status and message of a request in the wrong state: 409 unless given. */
  wrongState?: { status: number; message(what: string, state: string, id: string): string }
  /** A quota that is used up: 403 unless given. */
  quota?(resource: string, limit: number, inUse: number, requested: number): Fault
  /** A path that names another project than the token: 404 unless given. */
  foreignProject?(asked: string, own: string | undefined): Fault
}

export interface RenderedFault {
  type: string
  text: string
}

/** A fault whose text is that JSON. */
export const jsonFault = (body: unknown): RenderedFault => ({ type: 'application/json', text: JSON.stringify(body) })

export const escapeHtml = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
