// Large bodies over a plain socket: an HTTP client's own work would be measured with the server's.
import net from 'node:net'

export const MiB = 1024 * 1024

export const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

function send(method: string, url: string, headers: Record<string, string>, body: Buffer | null): Promise<number> {
  const { hostname, port, pathname, search } = new URL(url)
  const lines = [`${method} ${pathname}${search} HTTP/1.1`, `Host: ${hostname}`, 'Connection: close']
  for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`)
  if (body) lines.push(`Content-Length: ${body.length}`)
  return new Promise((resolve, reject) => {
    const started = performance.now()
    let head = ''
    let left = -1
    const socket = net.connect({
      host: hostname,
      port: Number(port),
      onread: {
        buffer: Buffer.alloc(256 * 1024),
        callback(count, buffer) {
          let size = count
          if (left < 0) {
            head += Buffer.from(buffer.buffer, buffer.byteOffset, count).toString('latin1')
            const end = head.indexOf('\r\n\r\n')
            if (end < 0) return true
            if (!/^HTTP\/1.1 20\d/.test(head)) socket.destroy(new Error(`${method} ${url}: ${head.slice(0, 200)}`))
            left = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0)
            size = head.length - end - 4
          }
          left -= size
          if (left <= 0) {
            resolve(performance.now() - started)
            socket.destroy()
          }
          return true
        },
      },
    })
    socket.on('error', reject)
    socket.on('close', () => reject(new Error(`${method} ${url}: ended early`)))
    socket.write(`${lines.join('\r\n')}\r\n\r\n`)
    if (body) socket.write(body)
  })
}

/** Milliseconds until the whole answer was there. */
export const download = (url: string, headers: Record<string, string>) => send('GET', url, headers, null)
/** Milliseconds until it was acknowledged. */
export const upload = (url: string, headers: Record<string, string>, body: Buffer) => send('PUT', url, headers, body)
