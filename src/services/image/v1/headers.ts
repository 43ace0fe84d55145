// Version 1 says everything about an image in headers: `x-image-meta-NAME`, `x-image-meta-property-NAME`.
import type { IncomingMessage } from 'node:http'
import { badRequest } from '../../../api/faults.ts'
import { isTrue } from '../../../api/types.ts'
import { isField } from '../images/schema.ts'
import type { FullImage } from '../images/store.ts'
import { detailView } from './view.ts'

export interface GivenImage {
  /** Fields as version 2 has them. */
  fields: Record<string, unknown>
  properties: Record<string, string>
  isPublic: boolean | null
  /** What the data must turn out to be. */
  size: number | null
  checksum: string | null
  copyFrom: string | null
  location: string | null
}

const prefix = 'x-image-meta-'
const propertyPrefix = `${prefix}property-`
const texts = ['id', 'name', 'disk_format', 'container_format', 'owner']
const numbers = ['min_ram', 'min_disk']

/** Headers come as Latin-1; clients mean UTF-8. Python's command line client writes percent signs as well, as RFC 8187 has it. */
function decoder(agent: string | undefined): (value: string) => string {
  const utf8 = (value: string) => Buffer.from(value, 'latin1').toString('utf8')
  if (!agent?.startsWith('python-glanceclient')) return utf8
  return (value) => {
    try {
      return decodeURIComponent(value)
    } catch {
      return utf8(value)
    }
  }
}

function wholeNumber(name: string, text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw badRequest(`Cannot convert image ${name} '${text.slice(0, 60)}' to an integer.`)
  return Number(text)
}

/** What a request says of its image. Throws 400 for numbers that are none. Fields that only the service sets are ignored. */
export function readHeaders(headers: IncomingMessage['headers']): GivenImage {
  const given: GivenImage = { fields: {}, properties: {}, isPublic: null, size: null, checksum: null, copyFrom: null, location: null }
  const decode = decoder(headers['user-agent'])
  for (const [header, raw] of Object.entries(headers)) {
    if (!header.startsWith(prefix) || typeof raw !== 'string') continue
    const value = decode(raw)
    if (header.startsWith(propertyPrefix)) {
      const property = header.slice(propertyPrefix.length).replaceAll('-', '_')
      // In the store a field and a property of one name would be the same.
      if (isField(property) || property === 'id') throw badRequest(`${property} is a field of images and cannot be a property.`)
      given.properties[property] = value
      continue
    }
    const name = header.slice(prefix.length).replaceAll('-', '_')
    if (texts.includes(name)) {
      // Clients of this version send the word None for nothing.
      if (value !== '' && value !== 'None') given.fields[name] = value
    } else if (numbers.includes(name)) given.fields[name] = wholeNumber(name, value)
    else if (name === 'protected') given.fields.protected = isTrue(value)
    else if (name === 'is_public') given.isPublic = isTrue(value)
    else if (name === 'size' && value !== '') given.size = wholeNumber(name, value)
    else if (name === 'checksum' && value !== '') given.checksum = value.toLowerCase()
    else if (name === 'location' && value !== '') given.location = value
    else if (name === 'copy_from' && value !== '') given.copyFrom = value
  }
  const copyFrom = headers['x-glance-api-copy-from']
  if (typeof copyFrom === 'string' && copyFrom) given.copyFrom = decode(copyFrom)
  if (given.copyFrom !== null && given.location !== null) throw badRequest('An image has either a location or something to copy from.')
  return given
}

const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,200}$/
/** Longer values would not fit into what clients take as headers. */
const maxValue = 4096

const encode = (value: unknown) => {
  const text = value === null ? '' : typeof value === 'boolean' ? (value ? 'True' : 'False') : String(value)
  return Buffer.from(text.replace(/[\0-\x1f\x7f]/g, ' '), 'utf8').toString('latin1')
}

/** The image as headers. Properties whose names or values cannot stand in a header are left out. */
export function writeHeaders(image: FullImage): Record<string, string> {
  const { properties, ...fields } = detailView(image)
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(fields)) headers[prefix + name] = encode(value)
  for (const [name, value] of Object.entries(properties)) {
    if (token.test(name) && value.length <= maxValue) headers[propertyPrefix + name] = encode(value)
  }
  return headers
}
