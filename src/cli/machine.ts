// What a machine can and cannot do, found by trying rather than by asking for versions.
import { accessSync, constants, existsSync, statfsSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname } from 'node:path'
import type { Config } from '../config.ts'
import { createEndpoints } from '../endpoints.ts'
import { run } from '../host/commands/exec.ts'
import { silentLog } from '../log.ts'
import { services } from '../services/index.ts'
import { getControl, isRunning } from './control.ts'
import { portAdvice } from './faults.ts'
import { aptRefusal, missingPrograms } from './host-programs.ts'
import { failingText, type Status } from './status.ts'

export interface Finding {
  subject: string
  /** fail: the cloud does not start as the settings ask. warn: it starts, with less. */
  verdict: 'ok' | 'warn' | 'fail'
  text: string
  mend?: string
  /** Set for what only real guests need. */
  neededBy?: 'linux'
}

/** All findings, in the order in which a reader wants them. */
export async function checkMachine(config: Config): Promise<Finding[]> {
  const running = await isRunning(config.dataDir).catch(() => false)
  const real = config.host === 'fake' ? [] : [root(), programs(), await namespaces(), await bridgeFilter(), await accelerator(config)]
  // Without them host=linux cannot start; host=auto then takes the fake one.
  const weighed = real.map((f) => ({
    ...f,
    neededBy: 'linux' as const,
    verdict: f.verdict === 'warn' && config.host === 'linux' && f.subject !== 'accelerator' ? ('fail' as const) : f.verdict,
  }))
  return [nodeVersion(), ...weighed, dataFolder(config), await ports(config, running), ...(running ? await hostsOf(config) : [])]
}

function nodeVersion(): Finding {
  const fine = Number(process.versions.node.split('.')[0]) >= 24
  return {
    subject: 'node',
    verdict: fine ? 'ok' : 'fail',
    text: process.version,
    ...(!fine && { mend: 'npm ci in the clone brings the right one' }),
  }
}

/** What the running cloud tells of its hosts. */
async function hostsOf({ dataDir }: Config): Promise<Finding[]> {
  const { hosts } = await getControl<Status>(dataDir, '/status')
  return hosts.flatMap(({ name, up, secondsSinceContact, agent, failing }): Finding[] => {
    const subject = `host ${name}`
    if (!up)
      return [
        { subject, verdict: 'warn', text: `away for ${secondsSinceContact} s`, mend: 'look at the log of its agent, and start it again' },
      ]
    const killed = agent?.afterKill ? `; its agent was killed and started again ${agent.seconds} s ago` : ''
    if (failing.length === 0) return [{ subject, verdict: 'ok', text: `makes all that it is asked for${killed}` }]
    return failing.map((each) => ({ subject, verdict: 'warn', text: failingText(each), mend: each.mend }))
  })
}

const isRoot = () => process.getuid?.() === 0

function root(): Finding {
  const fine = isRoot()
  return {
    subject: 'root',
    verdict: fine ? 'ok' : 'warn',
    text: fine ? 'yes' : 'no: namespaces and guests need it',
    ...(!fine && { mend: 'start as root (sudo)' }),
  }
}

function programs(): Finding {
  const missing = missingPrograms()
  if (missing.length === 0) return { subject: 'programs', verdict: 'ok', text: 'all there' }
  const install = `apt-get install ${[...new Set(missing.map((m) => m.package))].join(' ')}`
  const refusal = aptRefusal()
  return {
    subject: 'programs',
    verdict: 'warn',
    text: `missing: ${missing.map((m) => `${m.program} (${m.use})`).join(', ')}`,
    mend: refusal ? `${install} (by hand, as ${refusal})` : `${install} (npm start does it)`,
  }
}

async function namespaces(): Promise<Finding> {
  if (!isRoot()) return { subject: 'namespaces', verdict: 'warn', text: 'not tried: this is not root' }
  try {
    await run('unshare', ['--net', '--', 'ip', 'link', 'add', 'nephos-try0', 'type', 'veth', 'peer', 'name', 'nephos-try1'], {
      timeout: 10_000,
    })
    return { subject: 'namespaces', verdict: 'ok', text: 'network namespaces and veth pairs can be made' }
  } catch (error) {
    return {
      subject: 'namespaces',
      verdict: 'warn',
      text: (error as Error).message,
      mend: 'start as root, on a kernel with network namespaces, outside of an unprivileged container',
    }
  }
}

/** Security groups filter bridged traffic with iptables, which a kernel may not hand over to it. */
async function bridgeFilter(): Promise<Finding> {
  if (!isRoot()) return { subject: 'port filter', verdict: 'warn', text: 'not tried: this is not root' }
  const script = ['ip', 'link', 'add', 'nephos-try', 'type', 'bridge']
  try {
    await run('unshare', ['--net', '--', ...script], { timeout: 10_000 })
    const fine = existsSync('/proc/sys/net/bridge/bridge-nf-call-iptables')
    return fine
      ? { subject: 'port filter', verdict: 'ok', text: 'bridged traffic passes iptables' }
      : { subject: 'port filter', verdict: 'warn', text: 'bridged traffic does not pass iptables', mend: 'modprobe br_netfilter' }
  } catch (error) {
    return { subject: 'port filter', verdict: 'warn', text: (error as Error).message, mend: 'start as root, on a kernel with bridges' }
  }
}

async function accelerator(config: Config): Promise<Finding> {
  if (missingPrograms().some((m) => m.program === 'qemu-system-x86_64'))
    return { subject: 'accelerator', verdict: 'warn', text: 'unknown: QEMU is missing' }
  const { probeAccelerator, whyEmulated } = await import('../host/guests/accelerator.ts')
  const found = await probeAccelerator({ dataDir: config.dataDir, log: silentLog })
  if (found === 'kvm') return { subject: 'accelerator', verdict: 'ok', text: 'KVM runs a guest' }
  const { text, mend } = await whyEmulated()
  return { subject: 'accelerator', verdict: mend ? 'warn' : 'ok', text: `emulation (slow): ${text}`, ...(mend && { mend }) }
}

function dataFolder({ dataDir }: Config): Finding {
  let at = dataDir
  while (!existsSync(at)) at = dirname(at)
  const subject = 'data folder'
  if (!statSync(at).isDirectory()) return { subject, verdict: 'fail', text: `${at} is no folder`, mend: 'choose another with --data-dir' }
  try {
    accessSync(at, constants.W_OK)
  } catch {
    return { subject, verdict: 'fail', text: `${at} may not be written`, mend: 'choose another with --data-dir' }
  }
  const { bavail, bsize } = statfsSync(at)
  const gib = Math.floor((bavail * bsize) / 2 ** 30)
  const few = gib < 5
  return {
    subject,
    verdict: few ? 'warn' : 'ok',
    text: `${dataDir}, ${gib} GiB free`,
    ...(few && { mend: 'make room, or choose another with --data-dir' }),
  }
}

async function ports(config: Config, running: boolean): Promise<Finding> {
  if (running) return { subject: 'ports', verdict: 'ok', text: `this cloud runs (nephos status)` }
  const wanted = createEndpoints(config, services)
    .listeners()
    .map((listener) => listener.port)
  const busy = (await Promise.all(wanted.map(async (port) => ((await isFree(port, config.listen)) ? [] : [port])))).flat()
  if (busy.length === 0) return { subject: 'ports', verdict: 'ok', text: `${wanted.join(', ')} are free on ${config.listen}` }
  return {
    subject: 'ports',
    verdict: 'fail',
    text: `used by another program: ${busy.join(', ')}`,
    mend: portAdvice(config, busy[0]!),
  }
}

function isFree(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, host, () => server.close(() => resolve(true)))
  })
}
