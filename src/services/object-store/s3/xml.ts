// Bodies of requests as elements, with S3's fault for what is none.
import type { BaseContext } from '../../../api/operation.ts'
import { type Element, parseXmlInTurns, XmlFault } from '../../../s3-client/xml.ts'
import { smallBody } from './body.ts'
import { fault } from './faults.ts'
import type { Signed } from './signature.ts'

export { childText } from '../../../s3-client/xml.ts'

/** The root element. Throws MalformedXML for anything beyond elements and text, and for more of them than `most`. */
export async function parseXml(text: string, most = 1000): Promise<Element> {
  try {
    return await parseXmlInTurns(text, most)
  } catch (error) {
    throw error instanceof XmlFault ? fault('MalformedXML') : error
  }
}

/** The root element of a small body. */
export const xmlBody = async (context: BaseContext, signed: Signed): Promise<Element> => parseXml(await smallBody(context, signed, 65_536))
