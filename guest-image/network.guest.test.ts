// The guest image on a network of its own: DHCP, metadata service, log-in with the key, and the commands that clients' test suites use.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { createEnvironment, systemClock } from '../src/environment.ts'
import { run } from '../src/host/commands/exec.ts'
import { createGuestDriver } from '../src/host/guests/index.ts'
import { guestSpec, testDisks } from '../src/testing/host/guests.ts'
import { silentLog } from '../src/log.ts'

const image = join(import.meta.dirname, '../.cache/guest-image')
await run(join(import.meta.dirname, 'build'), [image], { timeout: 600_000 })
const disk = join(image, 'nephos-guest.qcow2')

const folder = await mkdtemp(join(tmpdir(), 'guest-network-'))
await chmod(folder, 0o700)
const namespace = `gi${process.pid}`
const inside = (...command: string[]) => run('ip', ['netns', 'exec', namespace, ...command], { timeout: 120_000 })
const stopping = new AbortController()
const servers: Promise<unknown>[] = []
/** A server in the namespace, ended with the test. */
const serve = (...command: string[]) =>
  void servers.push(
    run('ip', ['netns', 'exec', namespace, ...command], { timeout: 600_000, signal: stopping.signal }).catch((e: Error) => e),
  )

const id = '55555555-2222-4333-8444-555555555555'
const guests = createGuestDriver({
  environment: createEnvironment(),
  log: silentLog,
  dataDir: folder,
  uids: { first: 1_900_000_000, count: 100 },
  netns: namespace,
  tapName: () => 'tap0',
  accelerator: 'tcg',
  fetchImage: (_image, toPath) => copyFile(disk, toPath),
})

/** Serves `tree` as the metadata service does, and keeps what is posted. */
const metadataServer = (tree: Record<string, string>) => `
const tree = ${JSON.stringify(tree)}, posted = {}
require('node:http').createServer((request, response) => {
  let body = ''
  request.on('data', (chunk) => { body += chunk }).on('end', () => {
    if (request.method === 'POST') posted[request.url] = body
    const text = posted[request.url] ?? tree[request.url.slice(1)]
    response.writeHead(text === undefined ? 404 : 200).end(text)
  })
}).listen(80, '169.254.169.254')`

before(async () => {
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, 'key')])
  await run('ip', ['netns', 'add', namespace])
  for (const line of [
    'tuntap add dev tap0 mode tap',
    'link set dev lo up',
    'link set dev tap0 mtu 1450 up',
    'addr add 10.77.0.1/24 dev tap0',
    'addr add 169.254.169.254/32 dev tap0',
  ]) {
    await run('ip', ['-n', namespace, ...line.split(' ')])
  }
  const tree = {
    'openstack/latest/meta_data.json': JSON.stringify({
      uuid: id,
      hostname: 'web-1.novalocal',
      admin_pass: 'pa$$ \\w"ord',
      public_keys: { 'my "key"': await readFile(join(folder, 'key.pub'), 'utf8') },
      files: [{ path: '/etc/given/file', content_path: '/content/0000' }],
    }),
    'openstack/content/0000': 'of the metadata service\n',
    'openstack/latest/user_data': [
      '#cloud-config',
      'ssh_authorized_keys:',
      '  - ssh-ed25519 AAAA another',
      'runcmd:',
      '  - [ sh, -c, "echo run $((40+2)) > /tmp/run" ]',
      '  - echo second > /tmp/second',
      'write_files:',
      '  - path: /tmp/written',
      "    permissions: '0640'",
      '    owner: cirros:cirros',
      '    content: |',
      '      a \\n b',
      '        c',
      '  - encoding: b64',
      '    content: aGVsbG8=',
      '    path: /tmp/decoded',
      '',
    ].join('\n'),
    'latest/meta-data/local-ipv4': '10.77.0.9',
  }
  await writeFile(join(folder, 'server.cjs'), metadataServer(tree))
  serve(process.execPath, join(folder, 'server.cjs'))
  const lease = '--dhcp-host=fa:16:3e:00:00:01,10.77.0.9,from-dhcp'
  const options = [
    '--dhcp-option=3,10.77.0.1',
    '--dhcp-option=6,10.77.0.2,10.77.0.3',
    '--dhcp-option=26,1450',
    '--dhcp-option=121,169.254.169.254/32,10.77.0.1,192.0.2.0/24,10.77.0.7,0.0.0.0/0,10.77.0.1',
  ]
  serve(
    'dnsmasq',
    '--keep-in-foreground',
    '--conf-file=/dev/null',
    '--port=0',
    '--interface=tap0',
    '--bind-interfaces',
    '--leasefile-ro',
    '--pid-file=',
    '--user=root',
    '--no-ping',
    '--dhcp-authoritative',
    '--domain=example',
    '--dhcp-range=10.77.0.0,static',
    lease,
    ...options,
  )
  await mkdir(join(folder, 'guests'), { recursive: true })
  const content = await readFile(disk)
  const spec = guestSpec({
    disks: testDisks({
      id: 'image',
      format: 'qcow2',
      size: content.length,
      sha512: createHash('sha512').update(content).digest('hex'),
    }),
    nics: [{ portId: 'port', mac: 'fa:16:3e:00:00:01', mtu: 1450 }],
  })
  for (const step of guests.driver.plan(id, spec, undefined)) await step.run(AbortSignal.timeout(60_000))
  const end = Date.now() + 240_000
  while (!(await guests.consoleLog(id)).includes('cloud-setup: done')) {
    assert.ok(Date.now() < end, `no end of the set-up: ${await guests.consoleLog(id)}`)
    await systemClock.sleep(100)
  }
})

after(async () => {
  const have = (await guests.driver.observe()).get(id)
  for (const step of guests.driver.plan(id, undefined, have)) await step.run(AbortSignal.timeout(60_000))
  await guests.close()
  stopping.abort()
  await Promise.all(servers)
  await run('ip', ['netns', 'delete', namespace])
  await rm(folder, { recursive: true, force: true })
})

const ssh = (user: string, command: string) =>
  inside(
    'ssh',
    '-i',
    join(folder, 'key'),
    '-o',
    'StrictHostKeyChecking=no',
    '-o',
    'UserKnownHostsFile=/dev/null',
    '-o',
    'LogLevel=ERROR',
    '-o',
    'BatchMode=yes',
    `${user}@10.77.0.9`,
    `set -eu; PATH=$PATH:/sbin:/usr/sbin; ${command}`,
  )

test('the console says where to find it, and shows the prompt with its name', async () => {
  const log = await guests.consoleLog(id)
  assert.match(log, /eth0 has 10\.77\.0\.9\/24/)
  assert.match(log, /-----BEGIN SSH HOST KEY KEYS-----\r?\nssh-ed25519 /)
  assert.match(log, /web-1 login: /)
})

test('both users come in with the key and may do all', async () => {
  for (const user of ['cirros', 'nephos'])
    assert.equal(await ssh(user, 'id -un; sudo id -un; sudo -u nobody id -un; hostname'), `${user}\nroot\nnobody\nweb-1\n`)
})

test('addresses, routes, MTU and name servers are as DHCP says', async () => {
  assert.match(await ssh('cirros', 'ip addr show eth0'), /mtu 1450 .*inet 10\.77\.0\.9\/24/s)
  const routes = await ssh('cirros', 'ip route')
  assert.match(routes, /default via 10\.77\.0\.1 dev eth0/)
  assert.match(routes, /169\.254\.169\.254 via 10\.77\.0\.1 dev eth0/)
  assert.match(routes, /192\.0\.2\.0\/24 via 10\.77\.0\.7 dev eth0/)
  assert.equal(await ssh('cirros', 'cat /etc/resolv.conf'), 'search example\nnameserver 10.77.0.2\nnameserver 10.77.0.3\n')
})

test('files of the metadata, keys and all parts of the user data are there', async () => {
  assert.equal(
    await ssh('cirros', 'cat /etc/given/file /tmp/run /tmp/second /tmp/written /tmp/decoded'),
    'of the metadata service\nrun 42\nsecond\na \\n b\n  c\nhello',
  )
  assert.match(await ssh('cirros', 'ls -l /tmp/written'), /^-rw-r----- +1 cirros +cirros /)
  assert.match(await ssh('nephos', 'cat ~/.ssh/authorized_keys'), /another\n/)
})

test("the password is the server's, and no longer the well-known one", async () => {
  const salted = await ssh('cirros', 'sudo awk -F: \'$1 == "cirros" { print $2 }\' /etc/shadow')
  const salt = salted.split('$')[2]!
  const hashOf = (password: string) => ssh('cirros', `mkpasswd -m sha512 -S ${salt} '${password}'`)
  assert.equal(salted, await hashOf('pa$$ \\w"ord'))
  assert.notEqual(salted, await hashOf('gocubsgo'))
})

/** The command until it succeeds: under emulation on a busy machine a second is short. */
const trying = (command: string) => `for i in $(seq 30); do ${command} && break; sleep 0.5; done`

const commands: [string, string, RegExp][] = [
  ['curl', 'curl http://169.254.169.254/latest/meta-data/local-ipv4', /^10\.77\.0\.9$/],
  ['curl of nothing', 'curl -sf http://169.254.169.254/none || echo failed', /^failed\n$/],
  [
    'curl that posts',
    'curl -X POST -d some-data http://169.254.169.254/openstack/2013-10-17/password; curl http://169.254.169.254/openstack/2013-10-17/password',
    /some-data$/,
  ],
  ['disks', 'lsblk -lb --nodeps', /NAME +MAJ:MIN RM +SIZE RO TYPE MOUNTPOINTS?\nvda .* disk/],
  [
    'file system',
    'sudo sh -c "modprobe loop; dd if=/dev/zero of=/tmp/d bs=1M count=8; mke2fs -q -t ext4 /tmp/d; mkdir -p /mnt/d; mount -o loop /tmp/d /mnt/d; date > /mnt/d/timestamp; umount /mnt/d" 2>&1; sudo blkid /tmp/d',
    /TYPE="ext4"/,
  ],
  ['MAC address', "ip addr show eth0 | awk '/ether/ {print $2}'", /^fa:16:3e:00:00:01\n$/],
  ['ping', trying('ping -c1 -w1 -s56 10.77.0.1'), /1 packets received/],
  ['ping by root', trying('sudo ping -I eth0 -c1 -w1 -s56 10.77.0.1'), /1 packets received/],
  ['DHCP renewal', "sudo /bin/kill -USR1 $(cat /var/run/udhcpc.eth0.pid); sleep 1; ip -o addr | awk '/10.77.0.9/ {print $2}'", /^eth0\n$/],
  ['console', 'sudo sh -c "echo \\"to the console\\" >/dev/console"', /^$/],
  [
    'listener',
    `sudo nc -p 8080 -lk -e echo foolish > /dev/null 2>&1 & ${trying('nc 10.77.0.9 8080 < /dev/null')}; nc 127.0.0.1 8080 < /dev/null`,
    /^foolish\nfoolish\n$/,
  ],
]
for (const [name, command, expected] of commands) {
  test(`a command of the guest: ${name}`, async () => assert.match(await ssh('cirros', command), expected))
}

test('what is written to the console is in the log', async () => assert.match(await guests.consoleLog(id), /to the console/))
