// If-Match and its kin, as RFC 9110 has them.
import type { IncomingHttpHeaders } from 'node:http'
import { header } from '../headers.ts'
import { lastModifiedSeconds } from '../timestamps.ts'

const tags = (text: string) =>
  text
    .split(',')
    .map((tag) =>
      tag
        .trim()
        .replace(/^W\//, '')
        .replace(/^"(.*)"$/, '$1'),
    )
    .filter(Boolean)

const matches = (text: string, etag: string) => tags(text).some((tag) => tag === '*' || tag === etag)

function seconds(text: string | undefined): number {
  return text === undefined ? Number.NaN : Math.floor(Date.parse(text) / 1000)
}

/** 200, or the status that the conditions of a GET or HEAD ask for. `etag` without quotes. */
export function condition(headers: IncomingHttpHeaders, etag: string, changedAt: number): 200 | 304 | 412 {
  const changed = lastModifiedSeconds(changedAt)
  const ifMatch = header(headers, 'if-match')
  if (ifMatch !== undefined && !matches(ifMatch, etag)) return 412
  // Both hold or none does: Swift does not let the one stand for the other, as the RFC does.
  if (changed > seconds(header(headers, 'if-unmodified-since'))) return 412
  const ifNoneMatch = header(headers, 'if-none-match')
  if (ifNoneMatch !== undefined) return matches(ifNoneMatch, etag) ? 304 : 200
  return changed <= seconds(header(headers, 'if-modified-since')) ? 304 : 200
}

/** Whether a Range still counts, by If-Range. */
export function rangeHolds(headers: IncomingHttpHeaders, etag: string, changedAt: number): boolean {
  const text = header(headers, 'if-range')
  if (text === undefined) return true
  const date = seconds(text)
  return Number.isNaN(date) ? matches(text, etag) : lastModifiedSeconds(changedAt) <= date
}
