// The pieces that S3's answers are made of.
import { type BaseContext, type Reply, reply } from '../../../api/operation.ts'
import { accountPrefix } from '../access/authorize.ts'
import { xmlText } from '../listing/render.ts'
import type { Container } from '../tables.ts'
import { lastModifiedSeconds } from '../timestamps.ts'
import { fault } from './faults.ts'

const namespace = 'http://s3.amazonaws.com/doc/2006-03-01/'

export const xmlReply = (root: string, inner: string, headers: Record<string, string> = {}): Reply =>
  reply({
    headers: { 'content-type': 'application/xml', ...headers },
    body: `<?xml version="1.0" encoding="UTF-8"?>\n<${root} xmlns="${namespace}">${inner}</${root}>`,
  })
export const tag = (name: string, value: string | number) => `<${name}>${typeof value === 'number' ? value : xmlText(value)}</${name}>`
/** Whole seconds, as Last-Modified has them: clients compare the two. */
export const s3Time = (at: number) => new Date(lastModifiedSeconds(at) * 1000).toISOString()

/** Keys as the listing was asked to show them: XML cannot hold all of them as they are. Throws InvalidArgument for another encoding than `url`. */
export function keyText(query: URLSearchParams): (text: string) => string {
  const asked = query.get('encoding-type')
  if (asked === null) return (text) => text
  if (asked !== 'url') throw fault('InvalidArgument', 'Invalid Encoding Method specified in Request')
  return (text) => encodeURIComponent(text).replaceAll('%2F', '/')
}

/** A number of the query, at most `most` of what is shown. Throws InvalidArgument for what is none. */
export function countOf({ rawQuery }: BaseContext, name: string, most: number): number {
  const text = rawQuery.get(name)
  if (text === null) return most
  if (!/^\d{1,10}$/.test(text) || Number(text) > 2_147_483_647)
    throw fault('InvalidArgument', `Provided ${name} not an integer or within integer range`)
  return Math.min(Number(text), most)
}

/** Where a container notes that S3 made it: id and name of the user. Only such buckets are known to exist beyond their project. */
export const madeByS3 = 'x-container-sysmeta-s3-owner'

/** The project that a bucket belongs to. */
export const projectOf = (container: Container) => container.account.slice(accountPrefix.length)

/** Who is said to own the bucket and all in it: the user who made it by S3, else its project. */
export function ownerOf(container: Container): { id: string; name: string } {
  const made = container.metadata[madeByS3]
  const project = projectOf(container)
  const space = made?.indexOf(' ') ?? -1
  return made && space > 0 ? { id: made.slice(0, space), name: made.slice(space + 1) } : { id: project, name: project }
}

export function owner(container: Container, name = 'Owner'): string {
  const whose = ownerOf(container)
  return `<${name}>${tag('ID', whose.id)}${tag('DisplayName', whose.name)}</${name}>`
}

/** Whether that id is the owner's, as it is shown or as the project that it belongs to. */
export const isOwner = (container: Container, id: string) => id === ownerOf(container).id || id === projectOf(container)
