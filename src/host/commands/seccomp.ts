// A filter of system calls for programs that read untrusted files, and for guests, as the kernel takes it: classic BPF over `struct seccomp_data`.

/** Numbers on x86-64 and on 64-bit ARM. Nothing that reads a file and writes another needs these, nor does a guest but for its sockets. */
const denied: Record<string, readonly [x64: number, arm64: number]> = {
  socket: [41, 198],
  ptrace: [101, 117],
  process_vm_readv: [310, 270],
  process_vm_writev: [311, 271],
  pidfd_getfd: [438, 438],
  mount: [165, 40],
  umount2: [166, 39],
  pivot_root: [155, 41],
  chroot: [161, 51],
  open_tree: [428, 428],
  move_mount: [429, 429],
  fsopen: [430, 430],
  fsmount: [432, 432],
  mount_setattr: [442, 442],
  unshare: [272, 97],
  setns: [308, 268],
  bpf: [321, 280],
  perf_event_open: [298, 241],
  userfaultfd: [323, 282],
  io_uring_setup: [425, 425],
  add_key: [248, 217],
  request_key: [249, 218],
  keyctl: [250, 219],
  open_by_handle_at: [304, 265],
  init_module: [175, 105],
  finit_module: [313, 273],
  delete_module: [176, 106],
  kexec_load: [246, 104],
  reboot: [169, 142],
  swapon: [167, 224],
  personality: [135, 92],
}
const clone = [56, 220] as const
const clone3 = 435

const architectures: Record<string, { audit: number; column: 0 | 1 }> = {
  x64: { audit: 0xc000003e, column: 0 },
  arm64: { audit: 0xc00000b7, column: 1 },
}

const allow = 0x7fff0000
const kill = 0x80000000
const refuse = (errno: number) => 0x00050000 | errno
const EPERM = 1
const ENOSYS = 38
/** Flags of clone that make a namespace: of mounts, cgroups, names, messages, users, processes, networks. */
const newNamespaces = 0x00020000 | 0x02000000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000 | 0x40000000

const loadWord = 0x20
const jumpIfEqual = 0x15
const jumpIfAtLeast = 0x35
const jumpIfAnyBit = 0x45
const answer = 0x06

/** The program for this architecture (`process.arch`), which lets `except` pass; undefined where its numbers are not known here. */
export function seccompFilter(arch: string, except: readonly string[] = []): Buffer | undefined {
  const known = architectures[arch]
  if (!known) return undefined
  const lines: [code: number, k: number, jumpTrue?: number, jumpFalse?: number][] = [
    [loadWord, 4],
    [jumpIfEqual, known.audit, 1, 0],
    [answer, kill],
    [loadWord, 0],
    // x32, another way to call everything.
    [jumpIfAtLeast, 0x40000000, 0, 1],
    [answer, refuse(EPERM)],
    // Its flags are in memory, which a filter cannot read: the C library falls back to clone.
    [jumpIfEqual, clone3, 0, 1],
    [answer, refuse(ENOSYS)],
  ]
  for (const [name, numbers] of Object.entries(denied)) {
    if (!except.includes(name)) lines.push([jumpIfEqual, numbers[known.column], 0, 1], [answer, refuse(EPERM)])
  }
  lines.push(
    [jumpIfEqual, clone[known.column], 0, 3],
    [loadWord, 16],
    [jumpIfAnyBit, newNamespaces, 0, 1],
    [answer, refuse(EPERM)],
    [answer, allow],
  )
  const program = Buffer.alloc(lines.length * 8)
  for (const [index, [code, k, jumpTrue = 0, jumpFalse = 0]] of lines.entries()) {
    program.writeUInt16LE(code, index * 8)
    program.writeUInt8(jumpTrue, index * 8 + 2)
    program.writeUInt8(jumpFalse, index * 8 + 3)
    program.writeUInt32LE(k >>> 0, index * 8 + 4)
  }
  return program
}
