// Paths of requests, as they are matched and as they are logged.
import { badRequest } from './faults.ts'

/** The path that is matched with routes and with access rules alike: no empty segments, nothing encoded that need not be. */
export function canonicalPath(path: string): string {
  if (/%(?![0-9a-fA-F]{2})|%00/.test(path)) throw badRequest('The path cannot be decoded.')
  const single = path.includes('//') ? path.replace(/\/{2,}/g, '/') : path
  if (!single.includes('%')) return single
  try {
    return single
      .split('/')
      .map((part) => (part.includes('%') ? decodeURIComponent(part).replace(/[^A-Za-z0-9._~!$&'()*+,;=:@-]/gu, encodeURIComponent) : part))
      .join('/')
  } catch {
    throw badRequest('The path cannot be decoded.')
  }
}

/** Without the query and with nothing in it that is a token: v2.0 of identity has tokens in paths. */
export const loggedPath = (url: string) =>
  url
    .split('?')[0]!
    .replace(/gAAAA[\w%=-]*/g, '***')
    .slice(0, 200)
