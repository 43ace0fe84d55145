// Programs that read what strangers sent: without network, with a file or two of the machine, with limits on time, memory and output.
// Always: prlimit, no new privileges, end with this process. Where bubblewrap works: nothing but the named files and the system's
// libraries, namespaces of its own, a filter of system calls. Else, where the kernel lets it: namespaces without the filter of files.
import { CommandError, run } from './exec.ts'
import { seccompFilter } from './seccomp.ts'

export interface Confinement {
  /** Path of the file that it reads. */
  input: string
  /** Path of an existing file that it may overwrite; null when it only writes to standard output. */
  output: string | null
  /** File descriptor that takes its standard output; it is collected and returned when not given. */
  stdout?: number
  limits: Limits
  signal?: AbortSignal
}

export interface Limits {
  /** Of CPU, and of wall clock. */
  seconds: number
  /** Of address space. */
  memoryBytes: number
  /** The largest file that it may write. */
  fileBytes: number
}

export type Jail = 'bubblewrap' | 'namespaces' | 'limits'

/** Where the two files are for the program. */
export interface Places {
  input: string
  output: string
}

let chosen: Promise<Jail> | null = null

/** The strictest way that works on this machine; found out once. */
export function jailHere(): Promise<Jail> {
  chosen ??= (async () => {
    for (const jail of ['bubblewrap', 'namespaces'] as const) {
      const works = await start(jail, 'true', () => [], { input: '/dev/null', output: null, limits: probe }).then(
        () => true,
        () => false,
      )
      if (works) return jail
    }
    return 'limits'
  })()
  return chosen
}
const probe: Limits = { seconds: 10, memoryBytes: 2 ** 30, fileBytes: 2 ** 20 }

/**
 * Runs `program` on the input, confined as well as this machine can (or by `jail`); gives its standard output. Throws CommandError
 * when it fails, breaks a limit, or `signal` aborts.
 */
export async function runConfined(
  program: string,
  args: (places: Places) => string[],
  confinement: Confinement,
  jail?: Jail,
): Promise<string> {
  return start(jail ?? (await jailHere()), program, args, confinement)
}

async function start(jail: Jail, program: string, args: (places: Places) => string[], confinement: Confinement): Promise<string> {
  const { input, output, limits, stdout, signal } = confinement
  const filter = jail === 'bubblewrap' ? seccompFilter(process.arch) : undefined
  const places = jail === 'bubblewrap' ? { input: '/input', output: '/output' } : { input, output: output ?? '/dev/null' }
  const prefix = {
    bubblewrap: ['bwrap', ...view(input, output), ...(filter ? ['--seccomp', '3'] : []), '--'],
    namespaces: ['unshare', '--user', '--net', '--ipc', '--pid', '--fork', '--kill-child', '--'],
    limits: [],
  }[jail]
  const whole = [...bounds(limits), ...privileges, ...prefix, program, ...args(places)]
  try {
    return await run(whole[0]!, whole.slice(1), {
      timeout: limits.seconds * 1000,
      signal,
      stdout,
      more: filter,
      // One that is killed while it begins leaves a child behind that waits for it for ever.
      group: true,
      // One arena: the address space is for data, not for one heap a thread.
      env: { MALLOC_ARENA_MAX: '1' },
    })
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    throw new CommandError(`${program} (confined by ${jail})`, error.code, error.stderr)
  }
}

const bounds = ({ seconds, memoryBytes, fileBytes }: Limits) => [
  'prlimit',
  `--cpu=${Math.ceil(seconds)}`,
  `--as=${memoryBytes}`,
  `--fsize=${fileBytes}`,
  '--nofile=64',
  '--core=0',
]

/** It ends when the process that started it does, however that ends; set-user-id programs are ordinary ones for it. */
const privileges = ['setpriv', '--pdeathsig', 'KILL', '--no-new-privs', '--']

/** What there is of the machine: libraries and programs to read, the input to read, the output to write. */
function view(input: string, output: string | null): string[] {
  return [
    ...['--unshare-all', '--unshare-user', '--die-with-parent', '--new-session', '--cap-drop', 'ALL'],
    ...['--ro-bind', '/usr', '/usr'],
    ...['/bin', '/lib', '/lib64', '/etc/ld.so.cache', '/etc/alternatives'].flatMap((path) => ['--ro-bind-try', path, path]),
    ...['--dev', '/dev', '--ro-bind', input, '/input'],
    ...(output === null ? [] : ['--bind', output, '/output']),
    ...['--chdir', '/'],
  ]
}
