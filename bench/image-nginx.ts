// nginx that takes files by PUT and gives them by GET: what a plain file server does with the same bytes on the same disk.
import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { userInfo } from 'node:os'
import { join } from 'node:path'

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as net.AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** Null where nginx, or its module for PUT, is not installed. */
export async function uploadNginx(folder: string): Promise<{ url: string; root: string; stop(): Promise<void> } | null> {
  const version = spawnSync('nginx', ['-V'], { encoding: 'utf8' })
  if (version.error || !version.stderr.includes('http_dav_module')) return null
  const port = await freePort()
  const root = join(folder, 'root')
  mkdirSync(root)
  chmodSync(folder, 0o755)
  const file = join(folder, 'nginx.conf')
  const temporary = ['proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${folder};`).join(' ')
  writeFileSync(
    file,
    `daemon off; worker_processes 1; pid ${folder}/pid; error_log stderr crit;
${process.getuid?.() === 0 ? `user ${userInfo().username};` : ''}
events { worker_connections 512; }
http { ${temporary} client_body_temp_path ${folder}; client_max_body_size 0; client_body_buffer_size 1m;
  access_log off; sendfile on; tcp_nopush on;
  server { listen 127.0.0.1:${port}; root ${root}; dav_methods PUT; } }
`,
  )
  const child = spawn('nginx', ['-e', 'stderr', '-c', file], { stdio: ['ignore', 'ignore', 'inherit'] })
  const url = `http://127.0.0.1:${port}`
  while (!(await fetch(url).catch(() => null))) await new Promise((resolve) => setTimeout(resolve, 10))
  return {
    url,
    root,
    async stop() {
      child.kill('SIGTERM')
      await new Promise((resolve) => child.once('exit', resolve))
    },
  }
}
