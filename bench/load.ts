// Load on one address with a fixed number of connections for a fixed time: by wrk where it is installed, else from Node.
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Load {
  /** `%N%` in it becomes a number for each request. */
  url: string
  /** What `%N%` is: drawn from so many; counted up without it. */
  among?: number
  method?: string
  headers?: Record<string, string>
  body?: string
  seconds: number
  connections: number
}

export interface Measured {
  perSecond: number
  p50: number
  p99: number
  errors: number
  by: 'wrk' | 'node'
}

const hasWrk = !spawnSync('wrk', ['-v']).error

export const load = (options: Load): Promise<Measured> => (hasWrk ? byWrk(options) : byNode(options))

/** Counted numbers do not come again in a later run of the same process. */
let counted = 0

async function byWrk({ url: template, among, method = 'GET', headers = {}, body, seconds, connections }: Load): Promise<Measured> {
  const folder = mkdtempSync(join(tmpdir(), 'nephos-bench-'))
  const script = join(folder, 'load.lua')
  const quote = (text: string) => JSON.stringify(text)
  const lines = [
    `wrk.method = ${quote(method)}`,
    ...Object.entries(headers).map(([name, value]) => `wrk.headers[${quote(name)}] = ${quote(value)}`),
  ]
  if (body !== undefined) lines.push(`wrk.body = ${quote(body)}`)
  const url = template.replaceAll('%N%', '0')
  if (template !== url) {
    const path = template.slice(new URL(url).origin.length)
    const [before, after] = path.split('%N%') as [string, string]
    // Texts of the requests are made before: only the number is put in while it runs.
    lines.push(
      `local n = ${counted}`,
      'init = function(args)',
      `  local whole = wrk.format(wrk.method, ${quote(`${before}@@@${after}`)})`,
      "  local at, to = whole:find('@@@', 1, true)",
      '  head, tail = whole:sub(1, at - 1), whole:sub(to + 1)',
      'end',
      `request = function() ${among ? `n = math.random(0, ${among - 1})` : 'n = n + 1'} return head .. n .. tail end`,
    )
    counted += 10_000_000
  }
  lines.push(
    'done = function(summary, latency)',
    '  local e = summary.errors',
    '  io.write(string.format("RESULT %f %f %f %d\\n", summary.requests / (summary.duration / 1e6), latency:percentile(50) / 1000, latency:percentile(99) / 1000, e.status + e.connect + e.read + e.write + e.timeout))',
    'end',
  )
  writeFileSync(script, lines.join('\n'))
  try {
    const output = await new Promise<string>((resolve, reject) => {
      const child = spawn('wrk', ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '60s', '-s', script, url])
      let text = ''
      child.stdout.on('data', (chunk) => {
        text += chunk
      })
      child.on('error', reject)
      child.on('close', () => resolve(text))
    })
    const match = /RESULT (\S+) (\S+) (\S+) (\d+)/.exec(output)
    if (!match) throw new Error(`wrk said: ${output}`)
    return { perSecond: Number(match[1]), p50: Number(match[2]), p99: Number(match[3]), errors: Number(match[4]), by: 'wrk' }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

async function byNode({ url: template, among, method = 'GET', headers = {}, body, seconds, connections }: Load): Promise<Measured> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: connections })
  const times: number[] = []
  let errors = 0
  const started = performance.now()
  const one = () =>
    new Promise<void>((resolve) => {
      const url = template.replaceAll('%N%', String(among ? Math.floor(Math.random() * among) : counted++))
      const begun = performance.now()
      const request = http.request(
        url,
        { method, headers: body === undefined ? headers : { ...headers, 'content-length': String(Buffer.byteLength(body)) }, agent },
        (answer) => {
          if (answer.statusCode! >= 400) errors++
          answer.resume()
          answer.on('end', () => {
            times.push(performance.now() - begun)
            resolve()
          })
        },
      )
      request.on('error', () => {
        errors++
        resolve()
      })
      request.end(body)
    })
  const lane = async () => {
    while (performance.now() - started < seconds * 1000) await one()
  }
  await Promise.all(Array.from({ length: connections }, lane))
  agent.destroy()
  times.sort((a, b) => a - b)
  const at = (part: number) => times[Math.min(times.length - 1, Math.floor(times.length * part))] ?? 0
  return { perSecond: times.length / ((performance.now() - started) / 1000), p50: at(0.5), p99: at(0.99), errors, by: 'node' }
}
