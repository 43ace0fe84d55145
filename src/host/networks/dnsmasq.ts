// dnsmasq as a daemon: one in the DHCP namespace of each network.
import { readFile } from 'node:fs/promises'
import { daemon } from '../daemons/daemon.ts'

/** Port 53, as the kernel's table of sockets has it. */
const listensForNames = /^ *\d+: [0-9A-F]+:0035 /m

/** It gives up its rights by itself (`user=nobody`), once it has opened its ports. */
export const dnsmasq = daemon({
  name: 'dnsmasq',
  program: 'dnsmasq',
  arguments: (at) => ['--keep-in-foreground', `--conf-file=${at.file('dnsmasq.conf')}`],
  files: {
    'dnsmasq.conf': { onChange: 'restart' },
    hosts: { onChange: 'reload' },
    options: { onChange: 'reload' },
    names: { onChange: 'reload' },
  },
  limits: { memoryBytes: 2 ** 30, openFiles: 1024 },
  check: (at) => ['dnsmasq', '--test', `--conf-file=${at.file('dnsmasq.conf')}`],
  reload: 'SIGHUP',
  // dnsmasq 2.90 of Debian 12 crashes when it is told to forget a host with a tag: such hosts cost a new start.
  mustRestart: (before) => before.hosts.includes(',set:'),
  // It writes its number down when it listens.
  health: async ({ folder, pid }) =>
    Number(await readFile(`${folder}/dnsmasq.pid`, 'utf8').catch(() => '')) === pid &&
    listensForNames.test(await readFile(`/proc/${pid}/net/udp`, 'utf8').catch(() => '')),
  earlier: (at) => `--conf-file=${at.file('dnsmasq.conf')}`,
})
