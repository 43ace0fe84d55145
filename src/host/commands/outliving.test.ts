import assert from 'node:assert/strict'
import { test } from 'node:test'
import { daemonCommand } from './outliving.ts'

test('a daemon is started in its namespace, within its limits, as its user', () => {
  assert.deepEqual(
    daemonCommand('haproxy', ['-f', 'a b'], 'n1-router-x', {
      user: { uid: 64_100, gid: 64_101 },
      limits: { memoryBytes: 2 ** 28, openFiles: 4096, processes: 8 },
    }),
    [
      ...['nsenter', '--net=/run/netns/n1-router-x'],
      ...['prlimit', '--core=0', '--as=268435456', '--nofile=4096', '--nproc=8'],
      ...['setpriv', '--reuid', '64100', '--regid', '64101', '--clear-groups', '--no-new-privs'],
      ...['haproxy', '-f', 'a b'],
    ],
  )
  assert.deepEqual(daemonCommand('dnsmasq', [], null, {}), ['prlimit', '--core=0', 'dnsmasq'])
})
