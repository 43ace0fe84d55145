// Between the arrival of data and its storing: it is decompressed, judged, converted and judged again, as the settings say.
// Each step writes a file of its own beside the upload, which stays whole: after a crash the work begins again from it.
import { open } from 'node:fs/promises'
import { badRequest } from '../../../api/faults.ts'
import type { Cloud } from '../../../cloud.ts'
import { CommandError } from '../../../host/commands/exec.ts'
import { convertImage } from '../../../host/commands/qemu-img.ts'
import { room, withinRoom } from '../data/arrivals.ts'
import { judge, type Verdict } from '../data/judge.ts'
import { hashFile, type Received, tooLargeImage } from '../stores/receive.ts'
import { compressionOf, decompress } from './decompress.ts'
import { SourceFault } from './source.ts'

export interface Formats {
  disk_format: string
  container_format: string
}

export interface Prepared {
  /** The upload whose file is to be stored. */
  uploadId: string
  received: Received
  verdict: Verdict
  formats: Formats
}

/** Files that the preparation of an upload may leave. */
export const workOf = (uploadId: string) => [`${uploadId}.plain`, `${uploadId}.converted`] as const

const convertible = new Set(['raw', 'qcow2', 'vmdk', 'vdi', 'vhd', 'vhdx'])
/** qemu-img takes some 200 MiB; tables of a hostile file may ask for more. */
const converterMemory = 2 ** 30

/** The data of an upload as it is to be stored. Throws SourceFault or a fault of the API in words for the user. */
export async function prepare(
  cloud: Cloud,
  upload: { id: string; path: string; received: Received } & Formats,
  image: { id: string; owner_id: string; arrival: string },
  signal: AbortSignal,
): Promise<Prepared> {
  const { config } = cloud
  const { store, arrivals, imports } = cloud.image
  const heavy = imports.heavy(image.owner_id)
  const maxVirtual = config.maxImageBytes * 16
  const [plainId, convertedId] = workOf(upload.id)
  let { path } = upload
  const found: Omit<Prepared, 'verdict'> = {
    uploadId: upload.id,
    received: upload.received,
    formats: { disk_format: upload.disk_format, container_format: upload.container_format },
  }
  if (config.importDecompression && upload.container_format === 'compressed') {
    const kind = await compressionOf(path)
    if (!kind) throw new SourceFault('The container format is compressed, and the data is not gzip, zip, zstd, bzip2 or xz.')
    await store.begin(plainId)
    const plain = store.incoming(plainId)
    found.received = await heavy.take(signal, async () => {
      arrivals.begin(image.arrival, image.owner_id) // what is stored in the end counts, and not what it was packed in
      const limits = { bytes: await room(cloud, image), seconds: config.importConversionTime, signal }
      return decompress(kind, path, plain, limits, (source) => withinRoom(cloud, image, image.arrival, source))
    })
    arrivals.settle(image.arrival, found.received.size)
    found.uploadId = plainId
    found.formats.container_format = 'bare'
    path = plain
  }
  const { disk_format, container_format } = found.formats
  const verdict = await judge(path, disk_format, container_format, maxVirtual)
  const target = config.importConversion
  if (target === 'off' || target === disk_format || container_format !== 'bare' || !convertible.has(disk_format))
    return { ...found, verdict }

  if (verdict.fault !== null) throw badRequest(`The image cannot be converted: ${verdict.fault}.`)
  const virtual = verdict.virtualSize ?? 0
  await store.begin(convertedId)
  const converted = store.incoming(convertedId)
  const limit = await heavy.take(signal, async () => {
    arrivals.begin(image.arrival, image.owner_id)
    const left = await room(cloud, image)
    if (target === 'raw' && virtual > left) throw tooLargeImage(left)
    // Tables of a qcow2 take less than a thousandth of the disk; a VHD's size may be rounded up to whole cylinders.
    const most = Math.min(left, Math.ceil(virtual * 1.002) + 16 * 2 ** 20)
    const limits = { seconds: config.importConversionTime, memoryBytes: converterMemory, fileBytes: most }
    await convertImage({ path, format: disk_format }, { path: converted, format: target }, { limits, signal }).catch((error: Error) => {
      signal.throwIfAborted()
      if (!(error instanceof CommandError)) throw error
      cloud.log.warn({ error: error.message }, 'image conversion')
      throw new SourceFault(`The image could not be converted from ${disk_format} to ${target}.`)
    })
    return left
  })
  await flush(converted)
  const result = await judge(converted, target, container_format, maxVirtual)
  if (result.fault !== null || (result.virtualSize ?? 0) < virtual) {
    throw new SourceFault(`The image could not be converted from ${disk_format} to ${target}: the result is not whole.`)
  }
  const received = await hashFile(converted, limit)
  arrivals.settle(image.arrival, received.size)
  return { uploadId: convertedId, received, verdict: result, formats: { disk_format: target, container_format } }
}

async function flush(path: string): Promise<void> {
  const file = await open(path, 'r+')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}
