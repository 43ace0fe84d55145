// On the real host: from the request to a login over SSH, and how much memory control and agent take.
import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { call, type Json } from './client.ts'
import type { BenchCloud } from './cloud.ts'
import type { Row } from './report.ts'

const run = promisify(execFile)

export async function measureRealHost(cloud: BenchCloud, dataDir: string, imageFile: string, nephos: string): Promise<Row[]> {
  const rows: Row[] = []
  const { admin } = cloud
  // While the agent tries KVM a QEMU is among its children; then it writes down what it found.
  while (
    !existsSync(join(dataDir, 'cache', 'accelerator.json')) ||
    !(await admin.call('GET', 'compute', '/os-hypervisors')).hypervisors.length
  )
    await new Promise((resolve) => setTimeout(resolve, 100))
  rows.push({
    what: 'control and agent on the real host, no guests',
    value: cloud.residentMB(),
    unit: 'MB',
    peer: null,
    goal: { atMost: 200 },
  })
  const folder = mkdtempSync(join(tmpdir(), 'nephos-bench-key-'))
  try {
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, 'key')])
    await admin.call('POST', 'compute', '/os-keypairs', {
      keypair: { name: 'bench', public_key: readFileSync(join(folder, 'key.pub'), 'utf8') },
    })
    const image = (await admin.call('POST', 'image', '/v2/images', { name: 'guest', disk_format: 'qcow2', container_format: 'bare' })).id
    await call('PUT', `${admin.url('image')}/v2/images/${image}/file`, { 'x-auth-token': admin.token }, readFileSync(imageFile))
    const network = (await admin.call('POST', 'network', '/v2.0/networks', { network: { name: 'bench' } })).network.id
    const subnet = (
      await admin.call('POST', 'network', '/v2.0/subnets', { subnet: { network_id: network, ip_version: 4, cidr: '10.9.0.0/24' } })
    ).subnet.id
    const outside = (await admin.call('GET', 'network', '/v2.0/networks?router:external=True')).networks[0].id
    const router = (await admin.call('POST', 'network', '/v2.0/routers', { router: { external_gateway_info: { network_id: outside } } }))
      .router.id
    await admin.call('PUT', 'network', `/v2.0/routers/${router}/add_router_interface`, { subnet_id: subnet })
    const group = (await admin.call('GET', 'network', `/v2.0/security-groups?name=default&project_id=${admin.projectId}`))
      .security_groups[0].id
    await admin.call('POST', 'network', '/v2.0/security-group-rules', {
      security_group_rule: { security_group_id: group, direction: 'ingress', protocol: 'tcp', port_range_min: 22, port_range_max: 22 },
    })
    const flavor = (await admin.call('GET', 'compute', '/flavors')).flavors.find((f: Json) => f.name === 'm1.nano').id
    const times: number[] = []
    for (let round = 0; round < 3; round++) {
      const port = (await admin.call('POST', 'network', '/v2.0/ports', { port: { network_id: network } })).port.id
      const { id: floatingId, floating_ip_address: address } = (
        await admin.call('POST', 'network', '/v2.0/floatingips', { floatingip: { floating_network_id: outside, port_id: port } })
      ).floatingip
      const started = performance.now()
      const server = (
        await admin.call('POST', 'compute', '/servers', {
          server: { name: `bench-${round}`, imageRef: image, flavorRef: flavor, key_name: 'bench', networks: [{ port }] },
        })
      ).server.id
      const proxy = `${process.execPath} --disable-warning=ExperimentalWarning ${nephos} connect --data-dir ${dataDir} %h %p`
      const ssh = [
        '-i',
        join(folder, 'key'),
        '-o',
        'BatchMode=yes',
        '-o',
        'StrictHostKeyChecking=no',
        '-o',
        'UserKnownHostsFile=/dev/null',
        '-o',
        'LogLevel=ERROR',
        '-o',
        'ConnectTimeout=2',
        '-o',
        `ProxyCommand=${proxy}`,
        `nephos@${address}`,
        'true',
      ]
      for (;;) {
        if (
          await run('ssh', ssh, { timeout: 10_000 }).then(
            () => true,
            () => false,
          )
        )
          break
        if (performance.now() - started > 120_000) throw new Error('no login in two minutes')
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
      times.push((performance.now() - started) / 1000)
      process.stderr.write(`  request to SSH login: ${times.at(-1)!.toFixed(1)} s\n`)
      await admin.call('DELETE', 'compute', `/servers/${server}`)
      await admin.call('DELETE', 'network', `/v2.0/floatingips/${floatingId}`)
      for (;;) {
        const gone = await admin.call('GET', 'compute', `/servers/${server}`).then(
          () => false,
          () => true,
        )
        if (gone) break
        await new Promise((resolve) => setTimeout(resolve, 200))
      }
      await admin.call('DELETE', 'network', `/v2.0/ports/${port}`)
    }
    await admin.call('PUT', 'network', `/v2.0/routers/${router}/remove_router_interface`, { subnet_id: subnet })
    await admin.call('DELETE', 'network', `/v2.0/routers/${router}`)
    await admin.call('DELETE', 'network', `/v2.0/networks/${network}`)
    rows.push({
      what: 'request to SSH login under emulation, median of 3',
      value: times.toSorted((a, b) => a - b)[1]!,
      unit: 's',
      peer: null,
      goal: { atMost: 15 },
    })
    return rows
  } finally {
    rmSync(folder, { recursive: true })
  }
}
