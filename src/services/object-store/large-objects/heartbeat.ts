// Manifests with `heartbeat=on`: the answer begins at once and says by a blank now and then that the segments are still being checked.
import { Readable } from 'node:stream'
import { Fault, title } from '../../../api/faults.ts'
import { type BaseContext, type Reply, reply } from '../../../api/operation.ts'
import { type Report, reportReply } from '../bulk/report.ts'
import type { NewObject } from '../objects/store.ts'
import { httpDate } from '../timestamps.ts'

/** Seconds between two blanks, as /info tells it. */
export const yieldFrequency = 10

/** 202 at once; what became of it is told at the end of the body, as text, JSON or XML by the Accept header. */
export function heartbeatReply(context: BaseContext, make: () => Promise<NewObject>): Reply {
  const { headers } = reportReply(context, { counts: {}, errors: [], status: '', body: '' })
  const { clock } = context.cloud.environment
  async function* body(): AsyncGenerator<Buffer> {
    const done = new AbortController()
    let report: Report | null = null
    const work = make()
      .then(
        (made) => ({ counts: {}, errors: [], status: '201 Created', body: '', made }),
        (error) => failed(context, error),
      )
      .then((result) => {
        report = result
        done.abort()
      })
    yield Buffer.from(' ')
    while (!report) {
      await clock.sleep(yieldFrequency * 1000, done.signal)
      if (!report) yield Buffer.from(' ')
    }
    await work
    yield Buffer.from(`\r\n\r\n${rendered(context, report)}`)
  }
  return reply({ status: 202, headers: { 'content-type': headers['content-type']! }, body: Readable.from(body(), { objectMode: false }) })
}

const malformed = 'The server could not comply with the request since it is either malformed or otherwise incorrect.'

/** A fault as the report tells it; what is none of ours is a 500 there, and in the log. */
function failed(context: BaseContext, error: unknown): Report {
  if (!(error instanceof Fault)) {
    context.log.error({ error: (error as Error).stack }, 'a manifest could not be made')
    return { counts: {}, errors: [], status: `500 ${title(500)}`, body: title(500) }
  }
  const { segments } = error as Fault & { segments?: [string, string][] }
  return {
    counts: {},
    errors: segments ?? [],
    status: `${error.status} ${title(error.status)}`,
    body: `${title(error.status)}\n${segments ? malformed : error.message}`,
  }
}

function rendered(context: BaseContext, report: Report & { made?: NewObject }): string {
  const { made } = report
  const text = String(reportReply(context, report).body)
  if (!made) return text
  const etag = `"${made.etag}"`
  const changed = httpDate(made.changed_at)
  const { accept = '' } = context.headers
  if (accept.includes('json')) return JSON.stringify({ ...JSON.parse(text), Etag: etag, 'Last Modified': changed })
  if (accept.includes('xml')) return text.replace('<errors>', `<etag>${etag}</etag><last_modified>${changed}</last_modified><errors>`)
  return text.replace('\nErrors:', `\nEtag: ${etag}\nLast Modified: ${changed}\nErrors:`)
}
