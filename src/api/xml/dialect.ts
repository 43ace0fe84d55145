// How a version of an API writes its bodies as XML where nothing else is said: each of the older APIs does it in another way. What is special
// about one field stands at that field (`annotation.ts`).
import type { Entries } from './annotation.ts'

export interface XmlDialect {
  /** The namespace of all names without a prefix. */
  namespace: string
  /** Prefix to namespace, for names that have one in JSON too: `OS-KSADM` in `OS-KSADM:service`. */
  prefixes?: Record<string, string>
  /** Whether texts, numbers and booleans are attributes of their element, or elements in it. */
  scalars: 'attributes' | 'elements'
  /** What an item of any list is called; unless given, the list's name in the singular. */
  item?: string
  /** How objects are written whose names are data; unless given, each name is an element. */
  entries?: Entries
  /** `atom`: links are `<atom:link>` in what they belong to. */
  links?: 'atom'
  /** Prefix of the attribute by which elements tell their JSON type: `quantum:type="bool"`. Booleans are `True` and `False` then. */
  typePrefix?: string
  /** How null is written: not at all (unless given), by an attribute that is `true`, or by Python's word for it. */
  nulls?: 'xsi:nil' | 'nil' | 'None'
  /** What the root element is called where JSON has no name for it: bodies are bare lists and objects. */
  root?: { list: string; object: string }
}

export const schemaInstance = 'http://www.w3.org/2001/XMLSchema-instance'
export const atom = 'http://www.w3.org/2005/Atom'

const xmlType = /^(?:application|text)\/(?:xml|[\w.-]+\+xml)$/

/** Whether a body's media type is XML. */
export const isXml = (contentType: string | undefined): boolean => xmlType.test((contentType ?? '').split(';')[0]!.trim().toLowerCase())

/** Whether a client asks for XML rather than JSON: JSON is what it gets where it does not care. Browsers name XML too and get JSON. */
export function wantsXml(accept: string | undefined): boolean {
  if (!accept?.includes('xml')) return false
  let [xml, json] = [0, 0]
  for (const part of accept.toLowerCase().split(',')) {
    const [type = '', ...parameters] = part.split(';').map((text) => text.trim())
    const quality = parameters.find((text) => text.startsWith('q='))
    const q = quality === undefined ? 1 : Number(quality.slice(2)) || 0
    if (type === 'text/html') return false
    if (xmlType.test(type)) xml = Math.max(xml, q)
    else if (type === 'application/json' || type.endsWith('+json')) json = Math.max(json, q)
  }
  return xml > json
}
