// JSON values as XML, by the schema of the answer and the dialect.
import { entriesForm, itemName, type Shape, shapeOf } from './annotation.ts'
import { atom, schemaInstance, type XmlDialect } from './dialect.ts'

type Json = null | boolean | number | string | Json[] | { [name: string]: Json }
type Scalar = boolean | number | string

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
const attribute = (name: string, text: string) => ` ${name}="${attributeText(text)}"`
const isName = (text: string) => text !== 'xmlns' && /^[A-Za-z_][\w.-]*(?::[A-Za-z_][\w.-]*)?$/.test(text)
const isScalar = (value: Json): value is Scalar => value !== null && typeof value !== 'object'

/** What stands within an element: attributes and content, as text. */
interface Inner {
  attributes: string
  content: string
}

/**
 * The document of a body. Names that belong to no element of their own (`links`, `users_links`) stand in the first one's. Without a schema
 * everything is as the dialect has it.
 */
export function toXml(dialect: XmlDialect, body: unknown, schema?: object): string {
  const { scalars, typePrefix, nulls } = dialect
  const prefixes: Record<string, string> = dialect.links === 'atom' ? { ...dialect.prefixes, atom } : (dialect.prefixes ?? {})
  const used = new Set<string>()

  /** A name as it can be an element, with what stands for it where it cannot. */
  function open(name: string): { tag: string; more: string } {
    const prefix = name.includes(':') ? name.slice(0, name.indexOf(':')) : ''
    if (!isName(name) || (prefix && !prefixes[prefix])) return { tag: 'item', more: attribute('key', name) }
    if (prefix) used.add(prefix)
    return { tag: name, more: '' }
  }
  function wrap(name: string, { attributes, content }: Inner): string {
    const { tag, more } = open(name)
    return content === '' ? `<${tag}${more}${attributes}/>` : `<${tag}${more}${attributes}>${content}</${tag}>`
  }
  const hint = (type: string) => (typePrefix ? ` ${typePrefix}:type="${type}"` : '')
  const textOf = (value: Scalar) => (typeof value === 'boolean' && typePrefix ? (value ? 'True' : 'False') : String(value))
  const element = (name: string, value: Json, shape: Shape | undefined): string => wrap(name, inner(name, value, shape))

  function inner(name: string, value: Json, shape: Shape | undefined): Inner {
    if (value === null)
      return nulls === 'None'
        ? { attributes: '', content: nulls }
        : { attributes: nulls === undefined ? '' : attribute(nulls, 'true'), content: '' }
    if (Array.isArray(value)) return { attributes: value.length ? '' : hint('list'), content: items(name, value, shape) }
    if (typeof value !== 'object') {
      const type = typeof value === 'boolean' ? 'bool' : typeof value === 'number' ? (Number.isInteger(value) ? 'int' : 'float') : ''
      return { attributes: type && hint(type), content: elementText(textOf(value)) }
    }
    const entries = entriesForm(shape, dialect)
    if (entries) return { attributes: '', content: entriesAsText(entries, value, shape) }
    // Links of a page by their relation.
    if (name === 'links' && scalars === 'attributes' && Object.values(value).every((each) => each === null || typeof each === 'string')) {
      const links = Object.entries(value).flatMap(([rel, href]) =>
        href === null ? [] : [`<link${attribute('rel', rel)}${attribute('href', String(href))}/>`],
      )
      return { attributes: '', content: links.join('') }
    }
    const { attributes, content } = fields(name, value, shape)
    return { attributes: attributes || (content ? '' : hint('dict')), content }
  }

  const items = (name: string, list: Json[], shape: Shape | undefined): string =>
    list.map((item) => element(itemName(name, shape, dialect), item, shape?.item ?? undefined)).join('')

  function entriesAsText(
    { name, key, value: place, inElements }: Exclude<ReturnType<typeof entriesForm>, undefined>,
    value: object,
    shape?: Shape,
  ) {
    const of = (each: string) => shape?.fields.get(each) ?? shape?.free ?? undefined
    return Object.entries(value as Record<string, Json>)
      .map(([each, held]) => {
        if (inElements)
          return wrap(name, { attributes: '', content: element(key, each, undefined) + element(place ?? 'value', held, of(each)) })
        // A name or value that the one who wrote it gave a form of its own stays readable.
        const text = isScalar(held) ? textOf(held) : JSON.stringify(held)
        if (place !== undefined) return wrap(name, { attributes: attribute(key, each) + attribute(place, text), content: '' })
        const { attributes, content } =
          of(each)?.isObject || of(each)?.item ? inner(name, held, of(each)) : { attributes: '', content: elementText(text) }
        return wrap(name, { attributes: attribute(key, each) + attributes, content })
      })
      .join('')
  }

  function fields(name: string, object: { [name: string]: Json }, shape: Shape | undefined): Inner {
    let attributes = ''
    let content = ''
    // An element that has its name in `key` has no room for another.
    const isNamed = open(name).more !== ''
    for (const [field, given] of Object.entries(object)) {
      const own = shape?.fields.get(field) ?? shape?.free ?? undefined
      const form = own?.form ?? {}
      if (form.omitted) continue
      const called = form.name ?? field
      const value = given === null && nulls === 'None' ? nulls : given
      if (form.text) content += elementText(textOf((value ?? '') as Scalar))
      else if (value === null) content += nulls === undefined && scalars === 'attributes' ? '' : element(called, value, own)
      else if (isScalar(value)) {
        const { tag, more } = open(called)
        const isAttribute = (form.attribute ?? scalars === 'attributes') && !more && !(isNamed && called === 'key')
        if (isAttribute) attributes += attribute(tag, textOf(value))
        else
          content +=
            scalars === 'attributes' ? wrap(called, { attributes: '', content: elementText(textOf(value)) }) : element(called, value, own)
      } else {
        const isLinks = field === 'links' && dialect.links === 'atom' && Array.isArray(value)
        const text = isLinks
          ? value.map((link) => element('atom:link', link, undefined)).join('')
          : form.wrapped === false && Array.isArray(value)
            ? items(called, value, own)
            : element(called, value, own)
        content += form.wrapper ? wrap(form.wrapper, { attributes: '', content: text }) : text
      }
    }
    return { attributes, content }
  }

  const shape = schema && shapeOf(schema, dialect)
  const rootName = dialect.root?.[Array.isArray(body) ? 'list' : 'object']
  let root: string
  let namespace = dialect.namespace
  if (rootName !== undefined)
    root = Array.isArray(body)
      ? wrap(rootName, {
          attributes: '',
          content: body.map((item: Json) => element(dialect.root!.object, item, shape?.item ?? undefined)).join(''),
        })
      : element(rootName, body as Json, shape)
  else {
    const parts = Object.entries((body ?? {}) as { [name: string]: Json }).filter(([name]) => !shape?.fields.get(name)?.form.omitted)
    const isAside = (name: string) => name === 'links' || name === 'truncated' || name.endsWith('_links')
    const at = Math.max(
      0,
      parts.findIndex(([name]) => !isAside(name)),
    )
    const [name, value] = parts[at] ?? ['answer', {}]
    const own = shape?.fields.get(name) ?? shape?.free ?? undefined
    const aside = parts.filter((_, index) => index !== at).map(([key, each]) => element(key, each, shape?.fields.get(key)))
    const made = inner(own?.form.name ?? name, value, own)
    root = wrap(own?.form.name ?? name, { attributes: made.attributes, content: made.content + aside.join('') })
    if (own?.form.wrapper) root = wrap(own.form.wrapper, { attributes: '', content: root })
    namespace = own?.form.namespace ?? namespace
  }
  const declared = [
    namespace && ` xmlns="${namespace}"`,
    ...[...used].map((prefix) => ` xmlns:${prefix}="${prefixes[prefix]}"`),
    typePrefix && ` xmlns:${typePrefix}="${dialect.namespace}"`,
    (typePrefix || nulls === 'xsi:nil') && ` xmlns:xsi="${schemaInstance}"`,
  ]
  return `<?xml version="1.0" encoding="UTF-8"?>\n${root.replace(/^<[^\s/>]+/, (start) => start + declared.filter(Boolean).join(''))}`
}
