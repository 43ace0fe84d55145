// The page that shows a screen: noVNC's library as it is, and a script that takes the token out of the address.
import { createReadStream, statSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { dirname, join, normalize, sep } from 'node:path'
import { pipeline } from 'node:stream'
import { fileURLToPath } from 'node:url'

const html = `<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="referrer" content="no-referrer">
    <title>noVNC</title>
    <link rel="stylesheet" href="console.css">
    <script type="module" src="console.js"></script>
  </head>
  <body>
    <div id="status" role="status">Loading noVNC</div>
    <div id="screen"></div>
  </body>
</html>
`

const css = `html, body { height: 100%; margin: 0; background: #202428; color: #eee; font: 15px sans-serif }
body { display: flex; flex-direction: column }
#status { padding: 6px 10px }
#screen { flex: 1; overflow: hidden }
`

const script = `import RFB from './novnc/core/rfb.js'

const status = document.getElementById('status')
const path = new URLSearchParams(location.search).get('path') ?? ''
const given = new URLSearchParams(path.replace(/^[^?]*\\?/, '')).get('token')
// The token does not stay in the history; this tab keeps it, so that the page can be loaded again.
if (given) sessionStorage.setItem('token', given)
const token = given ?? sessionStorage.getItem('token') ?? ''
history.replaceState(null, '', location.pathname)
const url = new URL('websockify', location.href)
url.search = new URLSearchParams({ token }).toString()
const plain = url.href
url.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:'
const rfb = new RFB(document.getElementById('screen'), url.href, { wsProtocols: ['binary'] })
rfb.scaleViewport = true
rfb.addEventListener('connect', () => { status.textContent = 'Connected' })
rfb.addEventListener('desktopname', (event) => { document.title = event.detail.name })
rfb.addEventListener('disconnect', async () => {
  status.textContent = 'Disconnected'
  const answer = await fetch(plain)
  if (answer.status !== 426) status.textContent = 'The console is closed. ' + (await answer.text())
})
`

const root = dirname(dirname(fileURLToPath(import.meta.resolve('@novnc/novnc'))))
const own: Record<string, [type: string, text: string]> = {
  '/vnc_auto.html': ['text/html; charset=utf-8', html],
  '/console.css': ['text/css; charset=utf-8', css],
  '/console.js': ['text/javascript; charset=utf-8', script],
}
const headers = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; connect-src 'self' ws: wss:; frame-ancestors 'self'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
}

/** Answers with a sentence. */
export function sendText(response: ServerResponse, status: number, text: string, more: Record<string, string> = {}): void {
  const own = { 'content-type': 'text/plain; charset=utf-8', 'content-length': Buffer.byteLength(text) }
  response.writeHead(status, { ...headers, ...own, ...more }).end(text)
}

/** Answers a GET for the page or one of the files that it needs. */
export function servePage(path: string, response: ServerResponse): void {
  const known = Object.hasOwn(own, path) ? own[path] : undefined
  if (known) {
    const [type, text] = known
    response.writeHead(200, { ...headers, 'content-type': type, 'content-length': Buffer.byteLength(text) }).end(text)
    return
  }
  const library = /^\/novnc\/((?:core|vendor)\/[A-Za-z0-9_/.-]+\.js)$/.exec(path)?.[1]
  const file = library === undefined ? null : normalize(join(root, library))
  if (file?.startsWith(root + sep)) {
    try {
      const { size } = statSync(file)
      response.writeHead(200, { ...headers, 'content-type': 'text/javascript; charset=utf-8', 'content-length': size })
      // Whichever of the two ends early, the other goes with it: a file that nobody reads any more would stay open.
      pipeline(createReadStream(file), response, () => {})
      return
    } catch {
      // falls through to the 404
    }
  }
  response.writeHead(404, { ...headers, 'content-length': 0 }).end()
}
