// Virtual-host style: the bucket stands in the host's name, below a domain that a setting names.
import type { IncomingMessage } from 'node:http'
import type { BaseContext } from '../../../api/operation.ts'
import type { Config } from '../../../config.ts'

/** The bucket in the host's name; null where the host is no name below one of the domains. */
export function bucketInHost(config: Config, request: IncomingMessage): string | null {
  if (config.s3Domain === null) return null
  const host = (request.headers.host ?? '').replace(/:\d*$/, '').replace(/\.$/, '').toLowerCase()
  for (const domain of config.s3Domain.toLowerCase().split(',')) {
    const end = `.${domain.trim()}`
    if (end.length > 1 && host.endsWith(end) && host.length > end.length) return host.slice(0, -end.length)
  }
  return null
}

/** The path as if the bucket stood at its beginning, as in path style. */
export function inPathStyle(config: Config, request: IncomingMessage, path: string): string {
  const bucket = bucketInHost(config, request)
  if (bucket === null) return path
  return `/${encodeURIComponent(bucket)}${path === '/' ? '' : path}`
}

/** What signatures of version 2 put before the path where the bucket stands in the host's name. */
export function bucketPath({ cloud, request }: BaseContext): string {
  const bucket = bucketInHost(cloud.config, request)
  return bucket === null ? '' : `/${bucket}`
}
