// The systemd unit of the cloud, as text.

export interface UnitParts {
  /** The node program and what it runs: `ExecStart` without the command's own words. */
  program: string[]
  dataDir: string
  /** For the systemd of one user, without root. */
  isUser: boolean
}

/** For systemd, which splits at blanks and reads `%` and `$` as its own. */
const quoted = (word: string) =>
  /^[\w@+,:./=-]+$/.test(word) ? word : `"${word.replace(/[\\"]/g, '\\$&').replaceAll('%', '%%').replaceAll('$', '$$$$')}"`

/**
 * Ends the main process alone: QEMU and dnsmasq stay, so that guests live through a restart and an upgrade. What guests need of the
 * machine (namespaces, mounts that others see, devices) rules out most of the usual hardening for root.
 */
export function unitText({ program, dataDir, isUser }: UnitParts): string {
  const command = [...program, 'up', '--no-install-packages', '--data-dir', dataDir].map(quoted).join(' ')
  const hardened = isUser
    ? ['NoNewPrivileges=yes']
    : ['ProtectClock=yes', 'ProtectHostname=yes', 'ProtectKernelLogs=yes', 'RestrictRealtime=yes', 'LockPersonality=yes']
  return `[Unit]
Description=Nephos, an OpenStack cloud
Documentation=https://docs.openstack.org/api-quick-start/
After=network-online.target postgresql.service
Wants=network-online.target
StartLimitIntervalSec=300
StartLimitBurst=5

[Service]
Type=exec
ExecStart=${command}
Environment=MALLOC_ARENA_MAX=1
Restart=on-failure
RestartSec=2
TimeoutStopSec=30
KillMode=process
UMask=0077
LimitNOFILE=65536
${hardened.join('\n')}

[Install]
WantedBy=${isUser ? 'default.target' : 'multi-user.target'}
`
}
