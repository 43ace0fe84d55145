// Bodies of requests as elements, with S3's fault for what is none.
import { type Element, parseXml as parse, XmlFault } from '../../../s3-client/xml.ts'
import { fault } from './faults.ts'

export { childText } from '../../../s3-client/xml.ts'

/** The root element. Throws MalformedXML for anything beyond elements and text. */
export function parseXml(text: string): Element {
  try {
    return parse(text)
  } catch (error) {
    throw error instanceof XmlFault ? fault('MalformedXML') : error
  }
}
