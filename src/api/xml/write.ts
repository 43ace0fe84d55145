// JSON values as XML of a dialect.
import { atom, itemName, schemaInstance, type XmlDialect } from './dialect.ts'

type Json = null | boolean | number | string | Json[] | { [name: string]: Json }

const escapes: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\r': '&#13;',
  '\n': '&#10;',
  '\t': '&#9;',
}
// Control characters have no form in XML at all.
const forbidden =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g
const plain = (text: string) => text.replace(forbidden, '\ufffd')
const attributeText = (text: string) => plain(text).replace(/[&<>"\r\n\t]/g, (c) => escapes[c]!)
const elementText = (text: string) => plain(text).replace(/[&<>\r]/g, (c) => escapes[c]!)
const isName = (text: string) => text !== 'xmlns' && /^[A-Za-z_][\w.-]*(?::[A-Za-z_][\w.-]*)?$/.test(text)
const isScalar = (value: Json): value is boolean | number | string => value !== null && typeof value !== 'object'

/** The document of an answer's body; names that belong to no element of their own (`links`, `users_links`) stand in the first one's. */
export function toXml(dialect: XmlDialect, body: unknown): string {
  const { scalars, typePrefix } = dialect
  const prefixes: Record<string, string> = dialect.links === 'atom' ? { ...dialect.prefixes, atom } : (dialect.prefixes ?? {})
  const used = new Set<string>()
  const attributesToo = scalars === 'attributes'

  /** A name as it can be an element, with what stands for it where it cannot. */
  function open(name: string): { tag: string; more: string } {
    const prefix = name.includes(':') ? name.slice(0, name.indexOf(':')) : ''
    if (!isName(name) || (prefix && !prefixes[prefix])) return { tag: 'item', more: ` key="${attributeText(name)}"` }
    if (prefix) used.add(prefix)
    return { tag: name, more: '' }
  }
  function wrap(name: string, attributes: string, content: string): string {
    const { tag, more } = open(name)
    return content === '' ? `<${tag}${more}${attributes}/>` : `<${tag}${more}${attributes}>${content}</${tag}>`
  }
  const hint = (type: string) => (typePrefix ? ` ${typePrefix}:type="${type}"` : '')
  // The dialects with types write booleans as Python does.
  const textOf = (value: boolean | number | string) =>
    typeof value === 'boolean' && typePrefix ? (value ? 'True' : 'False') : String(value)

  function list(name: string, items: Json[]): string {
    return items.map((item) => element(name, item)).join('')
  }

  function fields(name: string, object: { [name: string]: Json }, taken: string | undefined): { attributes: string; content: string } {
    let attributes = ''
    let content = ''
    // An element that has its name in `key` has no room for another.
    const isNamed = open(name).more !== ''
    for (const [key, value] of Object.entries(object)) {
      if (key === taken) content += elementText(textOf((value ?? '') as string))
      else if (isScalar(value) && attributesToo) {
        const { tag, more } = open(key)
        if (more || (isNamed && key === 'key')) content += wrap(key, '', elementText(textOf(value)))
        else attributes += ` ${tag}="${attributeText(textOf(value))}"`
      } else if (Array.isArray(value)) {
        if (key === 'links' && dialect.links === 'atom') content += list('atom:link', value)
        else if (key === 'values') content += list(itemName(dialect, name), value)
        else if (dialect.bare?.includes(`${name}.${key}`)) content += list(itemName(dialect, key), value)
        else content += element(key, value)
      } else if (value !== null || !attributesToo) content += element(key, value)
    }
    return { attributes, content }
  }

  function element(name: string, value: Json): string {
    if (value === null) return wrap(name, typePrefix ? ' xsi:nil="true"' : '', '')
    if (Array.isArray(value)) return wrap(name, value.length ? '' : hint('list'), list(itemName(dialect, name), value))
    if (typeof value === 'object') {
      const map = dialect.maps?.[name]
      if (map !== undefined) {
        const entries = Object.entries(value).map(
          ([key, text]) =>
            `<${map} key="${attributeText(key)}">${elementText(isScalar(text) ? textOf(text) : JSON.stringify(text))}</${map}>`,
        )
        return wrap(name, '', entries.join(''))
      }
      // Links of a page by their relation.
      if (name === 'links' && attributesToo && Object.values(value).every((each) => each === null || typeof each === 'string')) {
        const links = Object.entries(value).flatMap(([rel, href]) =>
          href === null ? [] : [`<link rel="${attributeText(rel)}" href="${attributeText(String(href))}"/>`],
        )
        return wrap(name, '', links.join(''))
      }
      const { attributes, content } = fields(name, value, dialect.texts?.[name])
      return wrap(name, attributes + (attributes || content ? '' : hint('dict')), content)
    }
    const type =
      typeof value === 'boolean' ? hint('bool') : typeof value === 'number' ? hint(Number.isInteger(value) ? 'int' : 'float') : ''
    return wrap(name, type, elementText(textOf(value)))
  }

  const parts = Object.entries((body ?? {}) as { [name: string]: Json })
  const isAside = (name: string) => name === 'links' || name === 'truncated' || name.endsWith('_links')
  const at = Math.max(
    0,
    parts.findIndex(([name]) => !isAside(name)),
  )
  const [name, value] = parts[at] ?? ['answer', {}]
  const aside = parts
    .filter((_, index) => index !== at)
    .map(([key, each]) => element(key, each))
    .join('')
  let root = element(name, value)
  if (aside)
    root = root.endsWith('/>') ? `${root.slice(0, -2)}>${aside}</${open(name).tag}>` : root.replace(/<\/[^<>]+>$/, (end) => aside + end)
  const declared = [
    ` xmlns="${dialect.namespace}"`,
    ...[...used].map((prefix) => ` xmlns:${prefix}="${prefixes[prefix]}"`),
    ...(typePrefix ? [` xmlns:${typePrefix}="${dialect.namespace}"`, ` xmlns:xsi="${schemaInstance}"`] : []),
  ].join('')
  return `<?xml version="1.0" encoding="UTF-8"?>\n${root.replace(/^<[^\s/>]+/, (start) => start + declared)}`
}
