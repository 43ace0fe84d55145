// What the pipeline needs of XML, so that the parser is loaded with the first body that needs it.
import type { IncomingMessage } from 'node:http'
import { tooLarge } from '../faults.ts'
import type { ServiceDeclaration } from '../service.ts'
import { isXml, wantsXml, type XmlDialect } from './dialect.ts'
import type { XmlElement } from './read.ts'

/** Bytes of a body: XML takes many times the work of JSON to read, and is asked for where bodies are small. */
const maxBytes = 256 * 1024

/** How bodies of a version are written as XML; undefined where it knows JSON only. */
export const dialectOf = (service: ServiceDeclaration, major: string): XmlDialect | undefined =>
  service.majors.find(({ id }) => id === major)?.xml ?? service.xml

/** The dialect when the request's body is XML. */
export const bodyDialect = (dialect: XmlDialect | undefined, { headers }: IncomingMessage): XmlDialect | undefined =>
  isXml(headers['content-type']) ? dialect : undefined

/** The dialect when the answer is to be XML. */
export const answerDialect = (dialect: XmlDialect | undefined, { headers }: IncomingMessage): XmlDialect | undefined =>
  dialect && wantsXml(headers.accept) ? dialect : undefined

/** The root element of an XML body; undefined for an empty one. What it means is told by the operation that it is for. Throws 400 and 413. */
export async function parseXmlBody(bytes: Buffer, dialect: XmlDialect): Promise<XmlElement | undefined> {
  if (!bytes.length) return undefined
  if (bytes.length > maxBytes) throw tooLarge()
  const { parseXml } = await import('./read.ts')
  return parseXml(bytes, dialect)
}

/** The body as JSON would have it, by the schema of its operation in the request's version. */
export async function valueOfXml(root: XmlElement, dialect: XmlDialect, schema: object | undefined): Promise<unknown> {
  const { fromXml } = await import('./read.ts')
  return fromXml(root, schema, dialect)
}
