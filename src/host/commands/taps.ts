// Taps: who may open them.
import { chmod, stat } from 'node:fs/promises'
import { run } from './exec.ts'
import { namespaceInode, runIn } from './netns.ts'

/** Everywhere but in bare containers any user may open it; a tap lets in only the user it was made for. */
export async function openTunDevice(): Promise<void> {
  const { mode } = await stat('/dev/net/tun')
  if ((mode & 0o006) !== 0o006) await chmod('/dev/net/tun', 0o666)
}

/** TUNSETIFF with IFF_TAP and IFF_NO_PI, then TUNSETOWNER: ip can only make a tap, not give it away. */
const giving =
  'my ($tap, $uid) = @ARGV; open my $tun, "+<", "/dev/net/tun" or die "/dev/net/tun: $!\\n"; ' +
  'ioctl($tun, 0x400454ca, pack("a16 S x22", $tap, 0x1002)) or die "$tap: $!\\n"; ioctl($tun, 0x400454cc, $uid + 0) or die "$tap: $!\\n"'

/** From now on only this user (and root) may open the tap. Throws when somebody holds it. */
export async function giveTap(namespace: string | null, tap: string, uid: number): Promise<void> {
  const runThere = namespace === null ? run : runIn(namespace)
  await runThere('perl', ['-e', giving, tap, String(uid)])
}

/** The users that may open taps of the namespace; those with a name in passwd are none of ours. */
export async function listTapOwners(namespace: string): Promise<number[]> {
  if ((await namespaceInode(namespace)) === null) return []
  const text = await run('ip', ['-n', namespace, '-d', '-j', 'link', 'show', 'type', 'tun'])
  const links = (text.trim() ? JSON.parse(text) : []) as { linkinfo?: { info_data?: { user?: string | number } } }[]
  return links.map((link) => Number(link.linkinfo?.info_data?.user)).filter(Number.isInteger)
}
