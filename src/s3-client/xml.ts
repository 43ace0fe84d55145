// The little XML of S3's requests and answers. No document types, no entities but the five of XML itself, no processing.
import { turn } from '../turns.ts'

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

/** No name or value that S3 has is as long as this, however it is escaped. */
const longestText = 16_384
const deepest = 16

/** Takes one piece after the other, and gives way after each; the root element is what it returns. */
function* pieces(text: string, mostElements: number): Generator<void, Element> {
  const root: Element = { name: '', children: [], text: '' }
  const open = [root]
  const piece = /<\?xml[^<>]{0,200}\?>|<(\/?)([A-Za-z_][\w.:-]{0,100})((?:\s+[\w:.-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>|([^<]+)/gy
  let elements = 0
  for (let at = 0; at < text.length; yield) {
    piece.lastIndex = at
    const match = piece.exec(text)
    if (!match) throw malformed()
    at = piece.lastIndex
    const top = open.at(-1)!
    if (match[5] !== undefined) {
      if (match[5].length + top.text.length > longestText) throw malformed()
      if (open.length > 1) top.text += plainText(match[5])
      else if (match[5].trim() && match[5] !== '\ufeff') throw malformed()
    } else if (match[2] !== undefined) {
      const name = match[2].split(':').at(-1)!
      if (match[1]) {
        if (open.length < 2 || top.name !== name) throw malformed()
        open.pop()
        continue
      }
      if (open.length > deepest || ++elements > mostElements) throw malformed()
      const element: Element = { name, children: [], text: '' }
      top.children.push(element)
      if (!match[4]) open.push(element)
    }
  }
  if (open.length !== 1 || root.children.length !== 1) throw malformed()
  return root.children[0]!
}

/** The root element. Throws XmlFault for anything beyond elements and text. */
export function parseXml(text: string, mostElements = 200_000): Element {
  const parser = pieces(text, mostElements)
  for (;;) {
    const { done, value } = parser.next()
    if (done) return value
  }
}

/** The same for texts of others, who wait while all else has its turn. */
export async function parseXmlInTurns(text: string, mostElements: number): Promise<Element> {
  const parser = pieces(text, mostElements)
  for (let taken = 1; ; taken++) {
    const { done, value } = parser.next()
    if (done) return value
    if (taken % 200 === 0) await turn()
  }
}

/** Text of the child of that name. */
export const childText = (element: Element, name: string): string | undefined =>
  element.children.find((child) => child.name === name)?.text.trim()

/** All children of that name. */
export const childrenOf = (element: Element, name: string): Element[] => element.children.filter((child) => child.name === name)
