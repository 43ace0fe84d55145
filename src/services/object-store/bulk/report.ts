// Reports of requests that do many things: counts, and what went wrong for which name.
import { type Static, Type } from 'typebox'
import { type BaseContext, type Reply, reply } from '../../../api/operation.ts'
import { xmlText } from '../listing/render.ts'

/** As JSON (reference 15.2.5, 15.3.5): counts of what the request did. */
export const ReportBody = Type.Object({
  'Number Files Created': Type.Optional(Type.Integer()),
  'Number Deleted': Type.Optional(Type.Integer()),
  'Number Not Found': Type.Optional(Type.Integer()),
  'Response Status': Type.String(),
  'Response Body': Type.String(),
  /** Each a name and a status line. */
  Errors: Type.Array(Type.Array(Type.String())),
  /** Of a manifest that was made. */
  Etag: Type.Optional(Type.String()),
  'Last Modified': Type.Optional(Type.String()),
})

export interface Report {
  counts: Record<string, number>
  /** Name and status line. */
  errors: [string, string][]
  status: string
  body: string
}

/** The report as text, JSON or XML, by the Accept header. The status of the answer is 200 whatever happened. */
export function reportReply(context: BaseContext, report: Report): Reply {
  const { accept = '' } = context.headers
  if (accept.includes('json')) {
    const body: Static<typeof ReportBody> = {
      ...report.counts,
      'Response Status': report.status,
      'Response Body': report.body,
      Errors: report.errors,
    }
    // Indented, as people read it in a terminal; programs that look for `"Number Deleted": 1` find it.
    return reply({ status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body, null, 1) })
  }
  if (accept.includes('xml')) {
    const field = (name: string, value: string | number) => {
      const tag = name.toLowerCase().replaceAll(' ', '_')
      return `<${tag}>${xmlText(String(value))}</${tag}>`
    }
    const counts = Object.entries(report.counts).map(([name, value]) => field(name, value))
    const errors = report.errors.map(([name, status]) => `<object>${field('name', name)}${field('status', status)}</object>`)
    const root = 'Number Deleted' in report.counts ? 'delete' : 'extract'
    const body = `<?xml version="1.0" encoding="UTF-8"?>\n<${root}>${counts.join('')}${field('Response Status', report.status)}${field('Response Body', report.body)}<errors>${errors.join('')}</errors></${root}>`
    return reply({ status: 200, headers: { 'content-type': 'application/xml' }, body })
  }
  const lines = [
    ...Object.entries(report.counts).map(([name, value]) => `${name}: ${value}`),
    `Response Status: ${report.status}`,
    `Response Body: ${report.body}`,
    'Errors:',
    ...report.errors.map(([name, status]) => `${name}, ${status}`),
  ]
  return reply({ status: 200, headers: { 'content-type': 'text/plain' }, body: `${lines.join('\n')}\n` })
}
