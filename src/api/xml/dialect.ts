// How a version of an API writes its bodies as XML: names and places as data. Each of the older APIs does it in another way.

export interface XmlDialect {
  /** The namespace of all names without a prefix. */
  namespace: string
  /** Prefix to namespace, for names that have one in JSON too: `OS-KSADM` in `OS-KSADM:service`. */
  prefixes?: Record<string, string>
  /** Whether texts, numbers and booleans are attributes of their element, or elements in it. */
  scalars: 'attributes' | 'elements'
  /** What an item of a list is called, where it is not the list's name without its `s`. */
  items?: Record<string, string>
  /** Lists (`element.list`) whose items stand in the element itself and not in one of their own. */
  bare?: readonly string[]
  /** Objects whose names are data, to the element that holds one: `{"metadata": {"a": "b"}}` is `<metadata><meta key="a">b</meta></metadata>`. */
  maps?: Record<string, string>
  /** Elements one of whose fields is their text. */
  texts?: Record<string, string>
  /** `atom`: links are `<atom:link>` in what they belong to. */
  links?: 'atom'
  /** Prefix of the attribute by which elements tell their JSON type: `quantum:type="bool"`; null is `xsi:nil` then. */
  typePrefix?: string
  /** Root elements of requests that have another name in JSON. */
  roots?: Record<string, string>
}

export const schemaInstance = 'http://www.w3.org/2001/XMLSchema-instance'
export const atom = 'http://www.w3.org/2005/Atom'

/** What the items of that list are called. */
export function itemName(dialect: XmlDialect, list: string): string {
  const known = dialect.items?.[list]
  if (known !== undefined) return known
  if (list.endsWith('_links')) return 'link'
  if (list.endsWith('ies')) return `${list.slice(0, -3)}y`
  return list.endsWith('s') ? list.slice(0, -1) : 'item'
}

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
