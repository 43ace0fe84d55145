// Static manifests as they are kept: the segments in order, with what is expected of them.
import type { Cloud } from '../../../cloud.ts'
import type { Db } from '../../../db/database.ts'
import type { StoredObject } from '../objects/store.ts'
import { rowBytes } from '../storage/data.ts'

export interface Segment {
  /** `/container/object` */
  name: string
  hash: string
  /** Size of the whole segment object. */
  bytes: number
  content_type: string
  last_modified: string
  /** `start-end`, inclusive, when only a part of it counts. */
  range?: string
  /** The segment is a static manifest itself. */
  sub_slo?: true
  /** Bytes in base64 that stand in the manifest itself. */
  data?: string
}

export const limits = { max_manifest_segments: 1000, max_manifest_size: 8_388_608 }

const noObject = { name: '', hash: '', bytes: 0, content_type: '', last_modified: '' }

/** The segments of a manifest; in a transaction by its `db`. */
export async function readManifest(cloud: Cloud, row: StoredObject, db: Db = cloud.database.read): Promise<Segment[]> {
  const kept = JSON.parse((await rowBytes(db, row.data_id!)).toString()) as (Segment | { data: string })[]
  return kept.map((segment) => ({ ...noObject, ...segment }))
}

/** The manifest as it is kept: of bytes that stand in it there is nothing else to say. */
export const manifestText = (segments: Segment[]): string =>
  JSON.stringify(segments.map((segment) => (segment.data === undefined ? segment : { data: segment.data })))

/** The segments in the form in which a manifest is put. */
export const rawSegments = async (cloud: Cloud, row: StoredObject) =>
  (await readManifest(cloud, row)).map(({ name, hash, bytes, range, data }) =>
    data !== undefined ? { data } : { path: name, etag: hash, size_bytes: bytes, ...(range && { range }) },
  )

/** Which upload a manifest of S3 came of: a client whose answer was lost asks again. Its segments are parts of that upload and of nothing else. */
export const uploadName = 'x-object-sysmeta-s3-upload'

const manifestEtag = 'x-object-sysmeta-manifest-etag'

/** What a static manifest's metadata says of its own bytes, whose MD5 is that. */
export const manifestMetadata = (etag: string) => ({ [manifestEtag]: etag })

/** MD5 of the bytes that are kept: of a static manifest those of the manifest itself, which listings and static links go by. */
export const storedEtag = ({ kind, etag, metadata }: Pick<StoredObject, 'kind' | 'etag' | 'metadata'>): string =>
  kind === 'slo' ? (metadata[manifestEtag] ?? etag) : etag

/** First and last byte of the segment that count, and how many they are. */
export function extent(segment: Segment): { start: number; end: number; length: number } {
  if (segment.data !== undefined) {
    const length = Buffer.byteLength(segment.data, 'base64')
    return { start: 0, end: length - 1, length }
  }
  const [start, end] = segment.range ? (segment.range.split('-').map(Number) as [number, number]) : [0, segment.bytes - 1]
  return { start, end, length: end - start + 1 }
}

/** `/container/object` in its parts. */
export function splitName(name: string): { container: string; object: string } | null {
  const match = /^\/?([^/]+)\/(.+)$/s.exec(name)
  return match ? { container: match[1]!, object: match[2]! } : null
}
