/** Gives the memory of bytes that nobody looks at any more back at once: left to the collector, a few of them make it walk through all there is. */
export function release({ buffer, length }: Buffer): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === length) buffer.transfer(0)
}
