// S3 services for tests: one of another make (s3rver), and our own.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { S3Settings } from '../s3-client/client.ts'
import { freePort } from './free-port.ts'
import type { TestCloud } from './test-cloud.ts'

export interface S3Server extends AsyncDisposable {
  settings: S3Settings
  /** Stops listening and breaks all connections; `start` brings it back with the same address and data. */
  stop(): Promise<void>
  start(): Promise<void>
}

/** A service that we did not write, on a free port of loopback, with one empty bucket. */
export async function s3Server(bucket = 'bucket'): Promise<S3Server> {
  const { default: S3rver } = await import('s3rver')
  const directory = mkdtempSync(join(tmpdir(), 'nephos-s3rver-'))
  const make = (port: number) =>
    new S3rver({
      address: '127.0.0.1',
      port,
      silent: true,
      directory,
      vhostBuckets: false,
      configureBuckets: [{ name: bucket, configs: [] }],
    })
  const port = await freePort()
  let server = make(port)
  await server.run()
  let running = true
  const stop = async () => {
    if (!running) return
    running = false
    server.httpServer.closeAllConnections()
    await server.close()
  }
  return {
    settings: {
      endpoint: `http://127.0.0.1:${port}`,
      region: 'us-east-1',
      bucket,
      accessKey: 'S3RVER',
      secretKey: 'S3RVER',
      pathStyle: true,
    },
    stop,
    async start() {
      server = make(port)
      await server.run()
      running = true
    },
    async [Symbol.asyncDispose]() {
      await stop()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

/** A bucket in the object store of that cloud, with a key of its own. */
export async function ownS3Bucket(cloud: TestCloud, bucket = 'bucket', project = 'project-s3'): Promise<S3Settings> {
  const member = await cloud.as('member', project)
  const { access, secret } = (
    await member.post(`/identity/v3/users/${member.login.userId}/credentials/OS-EC2`, { tenant_id: await member.projectId() }, 201)
  ).body.credential
  await member.request('PUT', `/object-store/v1/AUTH_${await member.projectId()}/${bucket}`, { expected: 201 })
  return { endpoint: `${cloud.url}/object-store`, region: 'us-east-1', bucket, accessKey: access, secretKey: secret, pathStyle: true }
}
