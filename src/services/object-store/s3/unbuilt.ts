// Headers that ask for what is not built. Success would say that it was done.
import type { IncomingHttpHeaders } from 'node:http'
import { header } from '../headers.ts'
import { fault } from './faults.ts'

/** Those that change nothing where such things are not built (who pays, what may be bypassed) are let pass, and so are names that nobody knows, as Amazon does. */
const unbuilt: [name: RegExp, what: string][] = [
  [/^x-amz-(copy-source-)?server-side-encryption/, 'Server-side encryption'],
  [/^x-amz-object-lock-/, 'Object lock'],
  [/^x-amz-website-redirect-location$/, 'Redirection'],
  [/^x-amz-mfa$/, 'Removal by several factors'],
  [/^x-amz-write-offset-bytes$/, 'Appending'],
]

/** Headers of which one value says what is so in any case. */
const only: Record<string, string> = {
  'x-amz-bucket-object-lock-enabled': 'false',
}

const encryptions = new Set(['AES256', 'aws:kms', 'aws:kms:dsse'])

/** Throws NotImplemented for headers that ask for what is not built, InvalidStorageClass and InvalidArgument for values that mean nothing. */
export function checkHeaders(headers: IncomingHttpHeaders): void {
  const method = header(headers, 'x-amz-server-side-encryption')
  if (method !== undefined && !encryptions.has(method)) throw fault('InvalidArgument', 'There is no such encryption method.')
  for (const name in headers) {
    if (!name.startsWith('x-amz-')) continue
    const what = unbuilt.find(([pattern]) => pattern.test(name))?.[1]
    const value = header(headers, name)!.toLowerCase()
    if (what || (Object.hasOwn(only, name) && only[name] !== value)) throw fault('NotImplemented', `${what ?? name} is not built.`)
  }
  const storage = header(headers, 'x-amz-storage-class')
  if (storage !== undefined && storage !== 'STANDARD') throw fault('InvalidStorageClass')
}
