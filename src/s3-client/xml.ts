// The little XML of S3's requests and answers. No document types, no entities but the five of XML itself, no processing.

export interface Element {
  name: string
  children: Element[]
  text: string
}

const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }
/** The text is not the XML that is understood here. */
export class XmlFault extends Error {}
const malformed = () => new XmlFault('malformed XML')

function plainText(text: string): string {
  return text.replace(/&([^;&]{0,10});?/g, (_, name: string) => {
    if (entities[name] !== undefined) return entities[name]
    const code = /^#x[0-9a-fA-F]{1,6}$/.test(name)
      ? Number.parseInt(name.slice(2), 16)
      : /^#\d{1,7}$/.test(name)
        ? Number(name.slice(1))
        : -1
    if (code <= 0 || code > 0x10ffff) throw malformed()
    return String.fromCodePoint(code)
  })
}

/** The root element. Throws XmlFault for anything beyond elements and text. */
export function parseXml(text: string): Element {
  const root: Element = { name: '', children: [], text: '' }
  const open = [root]
  const pieces = /<\?xml[^<>]*\?>|<(\/?)([A-Za-z_][\w.:-]{0,100})((?:\s+[\w:.-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>|([^<]+)/gy
  let at = 0
  while (at < text.length) {
    pieces.lastIndex = at
    const match = pieces.exec(text)
    if (!match) throw malformed()
    at = pieces.lastIndex
    const top = open.at(-1)!
    if (match[5] !== undefined) {
      if (open.length > 1) top.text += plainText(match[5])
      else if (match[5].trim() && match[5] !== '\ufeff') throw malformed()
    } else if (match[2] !== undefined) {
      const name = match[2].split(':').at(-1)!
      if (match[1]) {
        if (open.length < 2 || top.name !== name) throw malformed()
        open.pop()
        continue
      }
      if (open.length > 16) throw malformed()
      const element: Element = { name, children: [], text: '' }
      top.children.push(element)
      if (!match[4]) open.push(element)
    }
  }
  if (open.length !== 1 || root.children.length !== 1) throw malformed()
  return root.children[0]!
}

/** Text of the child of that name. */
export const childText = (element: Element, name: string): string | undefined =>
  element.children.find((child) => child.name === name)?.text.trim()

/** All children of that name. */
export const childrenOf = (element: Element, name: string): Element[] => element.children.filter((child) => child.name === name)
