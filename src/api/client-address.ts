// Where a request comes from.
import type { IncomingMessage } from 'node:http'

/** The address of the client; '' when its connection is gone already. */
export const clientAddress = (request: IncomingMessage): string => request.socket.remoteAddress ?? ''
