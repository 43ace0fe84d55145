// The newc archive format, which the kernel unpacks as its first file system; written here so that no root rights and no cpio are needed.

export interface CpioEntry {
  path: string
  /** File type and permission bits, as in stat. */
  mode: number
  content?: Buffer
}

/** A newc archive of the entries, in their order (folders before what is in them); all belong to root. */
export function cpio(entries: CpioEntry[]): Buffer {
  const parts: Buffer[] = []
  const add = (entry: CpioEntry, inode: number) => {
    const content = entry.content ?? Buffer.alloc(0)
    const name = Buffer.from(`${entry.path}\0`)
    const fields = [inode, entry.mode, 0, 0, 1, 0, content.length, 0, 0, 0, 0, name.length, 0]
    const header = Buffer.from('070701' + fields.map((n) => n.toString(16).padStart(8, '0')).join(''))
    parts.push(padded(Buffer.concat([header, name])), padded(content))
  }
  entries.forEach((entry, index) => {
    add(entry, index + 1)
  })
  add({ path: 'TRAILER!!!', mode: 0 }, 0)
  return Buffer.concat(parts)
}

const padded = (data: Buffer) => Buffer.concat([data, Buffer.alloc((4 - (data.length % 4)) % 4)])
