// Things that tests need before they begin, made through the API as a user makes them.
import type { Persona } from './persona.ts'

/** A small raw image that is active; gives its id. */
export async function makeImage(persona: Persona, options: Record<string, unknown> = {}): Promise<string> {
  const { body } = await persona.post(
    '/image/v2/images',
    { name: 'test-image', disk_format: 'raw', container_format: 'bare', ...options },
    201,
  )
  await persona.request('PUT', `/image/v2/images/${body.id}/file`, {
    raw: Buffer.alloc(4096, 'nephos'),
    headers: { 'content-type': 'application/octet-stream' },
    expected: 204,
  })
  return body.id
}

export interface MadeServer {
  id: string
  adminPass: string
}

/** Asks for a server (it is still being made); `more` goes into the body. */
export async function makeServer(persona: Persona, imageRef: string, more: Record<string, unknown> = {}): Promise<MadeServer> {
  const server = { name: 'test-server', flavorRef: '42', imageRef, ...more }
  return (await persona.post('/compute/v2.1/servers', { server }, 202)).body.server
}
