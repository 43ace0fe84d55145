import assert from 'node:assert/strict'
import { test } from 'node:test'
import { serveMetrics } from './metrics-server.ts'
import { ground } from './testing/compute/servers.ts'
import { freePort } from './testing/free-port.ts'
import { makeServer } from './testing/make.ts'
import { testCloud } from './testing/test-cloud.ts'

test('metrics tell of requests and open tasks, and health of the database', async () => {
  const metricsPort = await freePort()
  await using cloud = await testCloud({ settings: { metricsPort, portOffset: 7 } }) // the offset is for ports that nobody chose
  const served = (await serveMetrics(cloud.cloud))!
  const get = async (path: string) => {
    const answer = await fetch(`http://127.0.0.1:${metricsPort}${path}`)
    return { status: answer.status, text: await answer.text() }
  }
  try {
    const { member, imageId } = await ground(cloud)
    await member.get('/compute/v2.1/servers/none', 404)
    assert.match((await get('/metrics')).text, /^nephos_open_tasks 0$/m)
    await cloud.agent.stop()
    await makeServer(member, imageId)
    await cloud.cloud.tasks.idle()
    const { status, text } = await get('/metrics')
    assert.equal(status, 200)
    assert.match(text, /^nephos_open_tasks 1$/m)
    assert.match(text, /^nephos_requests_total\{service="compute",operation="servers\.show",status="404"\} 1$/m)
    assert.match(text, /^nephos_request_seconds_count\{service="compute"\} \d+$/m)
    assert.match(text, /^nephos_process_resident_memory_bytes \d+/m)
    assert.deepEqual(await get('/healthz'), { status: 200, text: 'ok\n' })
    assert.equal((await get('/elsewhere')).status, 404)
  } finally {
    await served.close()
  }
  assert.equal(await serveMetrics({ ...cloud.cloud, config: { ...cloud.cloud.config, metricsPort: 0 } }), null)
})
