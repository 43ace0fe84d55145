// What a parser says about a file.

export type DiskFormat =
  | 'raw'
  | 'qcow'
  | 'qcow2'
  | 'qed'
  | 'parallels'
  | 'bochs'
  | 'cloop'
  | 'vmdk'
  | 'vdi'
  | 'vhd'
  | 'vhdx'
  | 'iso'
  | 'luks'
  | 'ova'

export interface Inspection {
  format: DiskFormat
  /** Bytes that a guest would see; null when the file does not say. */
  virtualBytes: number | null
  /** Another file that holds what this one lacks. */
  backingFile: string | null
  /** Another file that holds this one's data (qcow2). */
  dataFile: string | null
  /** Other files named as parts (vmdk). */
  extents: string[]
  /** Partition table found in raw (or ISO) content. */
  partitions: 'gpt' | 'mbr' | null
  encrypted: boolean
  /** What raw content is when it is known and no disk: `text`, `gzip data`, ... */
  plain: string | null
  /** What is wrong with its header and tables, as sentences. */
  faults: string[]
}

export const inspection = (format: DiskFormat, found: Partial<Inspection> = {}): Inspection => ({
  format,
  virtualBytes: null,
  backingFile: null,
  dataFile: null,
  extents: [],
  partitions: null,
  encrypted: false,
  plain: null,
  faults: [],
  ...found,
})
