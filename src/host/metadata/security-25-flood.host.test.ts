// A guest against the metadata listener, from a namespace of its own: thousands of connections, and requests that it breaks off.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { egress, network, port, subnet, testMachine, uuid } from '../../testing/host/machine.ts'
import { until } from '../../testing/until.ts'
import { openIn } from '../commands/netns.ts'

/** Opens connections one after the other, keeps all that it may, and says how many it has tried. */
const flood = `
use Socket; my @kept; $| = 1;
for my $n (1 .. 10_000) {
  socket(my $s, PF_INET, SOCK_STREAM, 0) or (shift @kept, next);
  setsockopt($s, SOL_SOCKET, SO_SNDTIMEO, pack("l!l!", 0, 200_000));
  connect($s, sockaddr_in(80, inet_aton("169.254.169.254")));
  syswrite($s, "POST /openstack/latest/password HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: 9\\r\\n\\r\\nabc") if $n % 3 == 0;
  push @kept, $s if $n % 5; print "." if $n == 1000;
}
print "done\\n"; sleep 60`

test('security-25: ten thousand connections of one guest starve no other, and end nothing', async () => {
  await using machine = await testMachine({ metadata: async (_networkId, ip) => ({ status: 200, body: `you are ${ip}` }) })
  const [net, group, a, b] = [uuid(), uuid(), uuid(), uuid()]
  await machine.put(
    { kind: 'network', id: net, spec: network({ subnets: [subnet('10.0.0')] }) },
    { kind: 'security-group', id: group, spec: { rules: egress, members: [] } },
    { kind: 'port', id: a, spec: port(net, 'fa:16:3e:00:00:05', '10.0.0.5', { securityGroupIds: [group] }) },
    { kind: 'port', id: b, spec: port(net, 'fa:16:3e:00:00:06', '10.0.0.6', { securityGroupIds: [group] }) },
  )
  const hostile = await machine.guest(a, 'fa:16:3e:00:00:05')
  const other = await machine.guest(b, 'fa:16:3e:00:00:06')
  await hostile.dhcp()
  await other.dhcp()
  const stop = new AbortController()
  const running = hostile.run('perl', ['-e', flood], { signal: stop.signal, timeout: 120_000 }).catch(() => '')
  let ended = false
  running.finally(() => (ended = true)).catch(() => {})
  for (let times = 0; times < 10; times++) assert.match((await other.get('169.254.169.254', '/'))!, /you are 10\.0\.0\.6$/)
  assert.equal(ended, false, 'it goes on meanwhile')
  // Sockets of the listener by the kernel's own count.
  const kept = async () =>
    (await hostile.run('cat', ['/proc/net/tcp'])).split('\n').filter((line) => / 01 /.test(line.slice(30, 45))).length
  await until('it has opened what it may', async () => (await kept()) > 20)
  assert.match((await other.get('169.254.169.254', '/'))!, /you are 10\.0\.0\.6$/)
  stop.abort()
  await running
  const late = await openIn(hostile.namespace, { type: 'connect', address: '169.254.169.254', port: 80, timeoutMs: 20_000 })
  late.write('POST /openstack/latest/password HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\nabc')
  late.resetAndDestroy()
  assert.match((await hostile.get('169.254.169.254', '/'))!, /you are 10\.0\.0\.5$/)
})
