// Starts QEMU so that it outlives this process. (Its own -daemonize needs setsid, which its sandbox forbids.)

import { type Ended, startOutliving } from './outliving.ts'
import { seccompFilter } from './seccomp.ts'

export interface Launch {
  /** Folder to start in: the arguments name files relative to it, so that no folder above has to be open to `uid`. */
  folder: string
  args: string[]
  /** The guest's own user, and its group. */
  uid: number
  /** A group that owns nothing; see below. */
  group: number
  /** Further group, for /dev/kvm. */
  gid?: number
  /** Network namespace with the taps. */
  netns: string | null
  /** File in `folder` that gets what QEMU says. */
  log: string
}

/** A program is put under a filter by whoever starts it, and the filter of QEMU's own sandbox knows neither ptrace nor its kin. */
const filtered =
  // When memory is short the kernel ends a guest before the agent and the control process.
  'if (open my $score, ">", "/proc/self/oom_score_adj") { print $score 300; close $score } ' +
  'my ($call, $hex, @command) = @ARGV; my $filter = pack "H*", $hex; my $program = pack "S x6 P", length($filter) / 8, $filter; ' +
  'syscall($call + 0, 1, 0, $program) == 0 or die "seccomp: $!\n"; exec { $command[0] } @command; die "$command[0]: $!\n"'
/** The number of seccomp(2). */
const seccompCall: Partial<Record<string, number>> = { x64: 317, arm64: 277 }

/** The words of the command line that starts QEMU in its namespace as an unprivileged user; pure. */
export function qemuCommand(
  { args, uid, group, gid, netns }: Pick<Launch, 'args' | 'uid' | 'group' | 'gid' | 'netns'>,
  arch: string = process.arch,
): [string, ...string[]] {
  const filter = seccompFilter(arch, ['socket'])
  const call = seccompCall[arch]
  // The kernel closes what /proc shows of a process (memory, open files) to its own user when its two groups differed as it was
  // started. Some kernels then make them one, hence its own group among the further ones.
  const groups = ['--rgid', String(group), '--egid', String(uid), '--groups', [uid, ...(gid === undefined ? [] : [gid])].join(',')]
  const command = [
    ...(filter && call ? ['perl', '-e', filtered, String(call), filter.toString('hex')] : []),
    ...['setpriv', '--reuid', String(uid), ...groups, '--no-new-privs', 'qemu-system-x86_64', ...args],
  ]
  return netns === null ? (command as [string, ...string[]]) : ['ip', 'netns', 'exec', netns, ...command]
}

/** Starts it in a session of its own. */
export function startQemu(launch: Launch): { pid: number | undefined; exited: Promise<Ended> } {
  return startOutliving({ command: qemuCommand(launch), folder: launch.folder, log: launch.log })
}
