// `Expect: 100-continue`: a client waits with its body until somebody wants it, so that nobody sends what its headers alone refuse.
import type { IncomingMessage, ServerResponse } from 'node:http'

/** Says 100 when the body is first read. An answer that comes before that is the last of its connection: the body may come or not. */
export function continueWhenRead(request: IncomingMessage, response: ServerResponse): void {
  const read = request._read
  let said = false
  request._read = (size) => {
    if (!said && !response.headersSent) response.writeContinue()
    said = true
    read.call(request, size)
  }
}
