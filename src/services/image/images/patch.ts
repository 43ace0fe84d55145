// The two media types in which images are changed: JSON patch (v2.1), and its draft with the verb as a key (v2.0).
import { badRequest } from '../../../api/faults.ts'

export const mediaTypes = ['application/openstack-images-v2.1-json-patch', 'application/openstack-images-v2.0-json-patch'] as const

const verbs = ['add', 'replace', 'remove'] as const
export interface Change {
  op: (typeof verbs)[number]
  path: string[]
  value: unknown
}

const isVerb = (text: unknown): text is Change['op'] => verbs.includes(text as never)

/** The changes of a body in that media type. Throws 400 for anything else. */
export function readPatch(body: unknown, mediaType: string): Change[] {
  if (!Array.isArray(body)) throw badRequest('Request body must be a JSON array of operation objects.')
  if (body.length > 500) throw badRequest('There are too many operations in one request.')
  return body.map((entry: unknown) => {
    if (entry === null || typeof entry !== 'object' || Array.isArray(entry)) throw badRequest('Operations must be JSON objects.')
    const raw = entry as Record<string, unknown>
    const change = mediaType === mediaTypes[1] ? readDraft(raw) : readStandard(raw)
    if (change.op !== 'remove' && change.value === undefined) throw badRequest(`Operation "${change.op}" requires a member named "value".`)
    return change
  })
}

function readStandard(raw: Record<string, unknown>): Change {
  if (!isVerb(raw.op)) throw badRequest(`Unable to find '${clip(raw.op)}' among the operations ${verbs.join(', ')}.`)
  if (raw.path === undefined) throw badRequest("Unable to find 'path' in JSON Schema change")
  const known = raw.op === 'remove' ? ['op', 'path'] : ['op', 'path', 'value']
  const odd = Object.keys(raw).find((key) => !known.includes(key) && !(raw.op === 'remove' && key === 'value'))
  if (odd !== undefined) throw badRequest(`Additional properties are not allowed ('${clip(odd)}' was unexpected)`)
  return { op: raw.op, path: pointer(raw.path), value: raw.value }
}

function readDraft(raw: Record<string, unknown>): Change {
  const found = Object.keys(raw).filter(isVerb)
  if (found.length !== 1) throw badRequest('Operation objects must contain exactly one member named "add", "remove", or "replace".')
  const op = found[0]!
  const odd = Object.keys(raw).find((key) => key !== op && key !== 'value')
  if (odd !== undefined) throw badRequest(`Additional properties are not allowed ('${clip(odd)}' was unexpected)`)
  return { op, path: pointer(raw[op]), value: raw.value }
}

/** A JSON pointer with one or two parts. */
function pointer(path: unknown): string[] {
  if (typeof path !== 'string' || !path.startsWith('/')) throw badRequest('Pointer must be a text that begins with "/".')
  if (/\/\/|.\/$|~(?![01])/.test(path) || path === '/')
    throw badRequest(`Pointer \`${clip(path)}\` contains an empty part or an unrecognized escape sequence.`)
  const parts = path
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
  const deep = parts[0] === 'tags' || parts[0] === 'locations'
  if (parts.length > (deep ? 2 : 1)) throw badRequest(`Invalid JSON pointer for this resource: '${clip(path)}'`)
  return parts
}

const clip = (value: unknown) => String(value).slice(0, 80)
