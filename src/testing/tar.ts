// Headers of archives, for tests that need ones which no program writes.

/** A header of tar (ustar): `flag` is the type of the entry, `size` the bytes that follow. */
export function tarHead(name: string, flag: string, size: number, mode = '0000644'): Buffer {
  const head = Buffer.alloc(512)
  head.write(name, 0)
  head.write(mode, 100)
  head.write(size.toString(8).padStart(11, '0'), 124)
  head.write('        ', 148)
  head.write(flag, 156)
  head.write('ustar', 257)
  head.write('00', 263)
  const sum = head.reduce((total, byte) => total + byte, 0)
  head.write(sum.toString(8).padStart(6, '0'), 148)
  return head
}
