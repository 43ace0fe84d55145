// Looks at uploaded data before anything else opens it: what could reach for other files of a host never becomes an image.
import { open } from 'node:fs/promises'
import { badRequest } from '../../../api/faults.ts'
import { checkSafe, inspect, UnsafeImage } from '../../../disk-formats/inspect.ts'

export interface Verdict {
  virtualSize: number | null
  /** Set when the data is harmless but cannot be booted as what it was declared to be. */
  fault: string | null
}

/** Containers whose content is no disk: it is kept as it is, and never booted. What an appliance holds is looked at all the same. */
const archives = new Set(['ova', 'docker', 'compressed'])
const plain = new Set(['raw', 'ami', 'ari', 'aki'])
/** A file smaller than that, of bytes that nobody knows, may stand in for an image where none is booted: Tempest makes such. */
const placeholderBytes = 4096

/** Judges the file. Throws 400 for data that is another format than declared, refers to other files, or claims more than `maxVirtualBytes`. */
export async function judge(path: string, diskFormat: string, containerFormat: string, maxVirtualBytes: number): Promise<Verdict> {
  const kept = { virtualSize: null, fault: `an image in a ${containerFormat} container cannot be booted` }
  if (archives.has(containerFormat) && containerFormat !== 'ova') return kept
  const file = await open(path, 'r')
  try {
    const found = await inspect(file)
    if (containerFormat === 'ova') {
      if (found.format !== 'ova') return kept
      return { ...kept, virtualSize: (await checkSafe(file, 'ova', { maxVirtualBytes })).virtualBytes }
    }
    const standsIn = found.format === 'raw' && found.plain === null && found.virtualBytes! < placeholderBytes
    if (standsIn && !plain.has(diskFormat)) return { virtualSize: null, fault: `its content is raw, not ${diskFormat}` }
    const { virtualBytes } = await checkSafe(file, diskFormat, { maxVirtualBytes })
    return { virtualSize: virtualBytes, fault: null }
  } catch (error) {
    if (error instanceof UnsafeImage) throw badRequest(error.message)
    throw error
  } finally {
    await file.close()
  }
}
