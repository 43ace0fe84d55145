// What a host cannot do is told wherever an operator looks, and is gone from there once it is mended.
import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { checkMachine } from '../cli/machine.ts'
import { statusText } from '../cli/status.ts'
import { serveControl, status } from '../control.ts'
import { createEnvironment, steppedClock } from '../environment.ts'
import { silentLog } from '../log.ts'
import { serveMetrics } from '../metrics-server.ts'
import { freePort } from '../testing/free-port.ts'
import { testCloud } from '../testing/test-cloud.ts'
import { until } from '../testing/until.ts'
import { startAgent } from './agent.ts'
import { createFakeHost } from './fake/fake-host.ts'
import { createReconciler } from './reconcile.ts'
import { mendOf } from './troubles.ts'

const network = { external: false, adminUp: true, mtu: 1500, dnsDomain: '', dhcpMac: null, subnets: [] }

test('what a host cannot make is in status, doctor and metrics, with step, cause, time and count, until it is made', async () => {
  const metricsPort = await freePort()
  const clock = steppedClock()
  await using cloud = await testCloud({ clock, settings: { metricsPort, fakeFaults: 'network.apply:2' } })
  const { config } = cloud.cloud
  mkdirSync(join(config.dataDir, 'run'), { recursive: true })
  const control = await serveControl(cloud.cloud)
  const served = (await serveMetrics(cloud.cloud))!
  const metrics = async () => (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text()
  const failing = async () => (await status(cloud.cloud)).hosts.flatMap((host) => host.failing)
  try {
    const { hosts, database } = cloud.cloud
    await database.write((tx) => hosts.put(tx, config.hostName, 'network', cloud.cloud.environment.uuid(), network))
    await until('it is told', async () => (await failing()).length === 1)
    const [first] = await failing()
    assert.deepEqual([first!.kind, first!.step, first!.error, first!.times], ['network', 'apply', 'fault injected at network.apply', 1])
    assert.ok(!Number.isNaN(Date.parse(first!.since)))
    assert.match(
      statusText(await status(cloud.cloud), clock.now()),
      /! network \S+: 'apply' fails since \S+Z, once: fault injected at network\.apply\n {6}mend: /,
    )
    const finding = (await checkMachine(config)).find(({ subject }) => subject.startsWith('host '))
    assert.deepEqual([finding?.verdict, /fault injected/.test(finding?.text ?? '')], ['warn', true])
    assert.ok(finding?.mend)
    const text = await metrics()
    assert.match(text, /^nephos_reconcile_failures\{host="fake-1",kind="network"\} 1$/m)
    assert.match(text, /^nephos_reconcile_failures\{host="fake-1",kind="guest"\} 0$/m)
    assert.match(text, /^nephos_host_up\{host="fake-1"\} 1$/m)
    await until('it is gone', async () => {
      await clock.advance(5000)
      return (await failing()).length === 0
    })
    assert.match(await metrics(), /^nephos_reconcile_failures\{host="fake-1",kind="network"\} 0$/m)
    assert.equal((await checkMachine(config)).find(({ subject }) => subject.startsWith('host '))?.verdict, 'ok')
  } finally {
    await served.close()
    await control.close()
  }
})

test('a kind that cannot be looked at is told, keeps no other from being made, and its documents wait', async () => {
  const clock = steppedClock()
  const environment = createEnvironment({ clock, seed: 'blind' })
  const host = createFakeHost({ name: 'h', environment, delayMs: 0, faults: null })
  const { observe } = host.drivers.network
  host.drivers.network.observe = () => Promise.reject(new Error('setns: Invalid argument'))
  const reports: string[] = []
  const reconciler = createReconciler({
    host,
    environment,
    log: silentLog,
    report: ({ kind, outcome }) => void reports.push(`${kind} ${outcome}`),
  })
  reconciler.take([
    { kind: 'network', id: 'n', generation: 1, spec: network },
    { kind: 'security-group', id: 'g', generation: 1, spec: { rules: [], members: [] } },
  ])
  await until('the group is made', () => reports.includes('security-group done'))
  const told = () => reconciler.troubles.list().map(({ kind, id, step, error }) => [kind, id, step, error].join(' | '))
  await until('it is told', () => told().length > 0)
  assert.deepEqual(told(), ['network | machine | look at the machine | setns: Invalid argument'])
  host.drivers.network.observe = observe
  await until('it is made, and nothing is told any more', async () => {
    await clock.advance(5000)
    return reports.includes('network done') && told().length === 0
  })
  await reconciler.stop()
})

test('documents that cannot be written down are told, not acknowledged, and come again', async () => {
  const environment = createEnvironment()
  const host = createFakeHost({ name: 'h', environment, delayMs: 0, faults: null })
  let full = true
  const taken: number[] = []
  let failing: string[] = []
  const agent = startAgent({
    name: 'h',
    host,
    environment,
    log: silentLog,
    journal: {
      session: 's',
      jobs: { load: () => [], save() {} },
      load: () => [],
      forget() {},
      save(documents) {
        if (full && documents.length) throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
      },
    },
    link: {
      async sync(request, signal) {
        taken.push(request.taken.length)
        failing = (request.facts.troubles ?? []).map(({ id, error }) => `${id}: ${error}`)
        if (!request.all) await environment.clock.sleep(50, signal)
        await new Promise((resolve) => setImmediate(resolve))
        return { documents: request.all ? [{ kind: 'network', id: 'n', generation: 1, spec: network }] : [] }
      },
    },
  })
  await until('it is told', () => failing.length > 0)
  assert.deepEqual(failing, ['journal: ENOSPC: no space left on device, write'])
  assert.ok(taken.every((count) => count === 0))
  assert.deepEqual(host.inventory().network, [])
  full = false
  await until('it is taken', () => taken.some((count) => count > 0) && failing.length === 0)
  await agent.stop()
})

test('each cause has its mend', () => {
  for (const [error, mend] of [
    ['ENOSPC: no space left on device, write', /room/],
    ['qemu-img create failed (exit 1): No space left on device', /room/],
    ['dnsmasq --x failed (killed): spawn dnsmasq ENOENT', /install/],
    ['accept EMFILE', /open files/],
    ["nsenter: reassociate to namespace 'ns/net' failed: Invalid argument", /namespace/],
    ['ip failed (exit 2): RTNETLINK answers: Operation not permitted', /root/],
    ['the guest has not let go within 15 s of its disk data; it is asked again, and its next reboot ends it', /reboot the server$/],
    ['the guest was started where no network was, and takes an interface after its next start only', /hard/],
    ['dnsmasq has ended by itself (exit 3): out of ideas', /read its log/],
    ['what nobody has seen yet', /tried again/],
  ] as const)
    assert.match(mendOf(error), mend, error)
})
