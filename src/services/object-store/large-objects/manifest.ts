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

/** The segments of a manifest; in a transaction by its `db`. */
export async function readManifest(cloud: Cloud, row: StoredObject, db: Db = cloud.database.read): Promise<Segment[]> {
  return JSON.parse((await rowBytes(db, row.data_id!)).toString()) as Segment[]
}

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
