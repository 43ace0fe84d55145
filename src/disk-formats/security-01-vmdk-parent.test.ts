import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileOf, GiB, sparseVmdk, text, vmdk, vmdkText } from '../testing/disk-formats.ts'
import { checkSafe, UnsafeImage } from './inspect.ts'

const hint = 'parentFileNameHint="/etc/passwd"\n'
/** The second text lies where QEMU looks, the first one where the header says that the descriptor is. */
const moved = (sector: number, elsewhere: string, atSectorOne: string) =>
  vmdk(atSectorOne, (b) => {
    b.write(elsewhere, sector * 512)
    b.writeBigUInt64LE(BigInt(sector), 28)
  })
const raw = (line: string) => vmdk(`${sparseVmdk}${line}`)

/** Each names a parent, or another file, to some program that reads it. */
const crafted: [what: string, content: Buffer][] = [
  ['moved descriptor with a parent where QEMU looks', moved(40, sparseVmdk, `${sparseVmdk}${hint}`)],
  ['moved descriptor, a parent where the header points', moved(40, `${sparseVmdk}${hint}`, sparseVmdk)],
  ['moved descriptor within the 20 sectors', moved(4, sparseVmdk, sparseVmdk)],
  ['parent in a comment', raw(`# ${hint}`)],
  ['parent in a comment without a blank', raw(`#${hint}`)],
  ['parent in the middle of a line', raw(`ddb.note = "parentFileNameHint=" /etc/passwd"\n`)],
  ['parent as part of another name', raw('ddb.parentFileNameHint="/etc/passwd"\n')],
  ['parent in other letters', raw('PARENTFILENAMEHINT="/etc/passwd"\n')],
  ['parent behind blanks', raw('\v \tparentFileNameHint="/etc/passwd"\n')],
  ['parent after a carriage return', raw('x\rparentFileNameHint="/etc/passwd"\n')],
  ['parent that is empty', raw('parentFileNameHint=""\n')],
  ['parent without a value', raw('parentFileNameHint')],
  ['parent behind the end that the header tells', vmdk(sparseVmdk.padEnd(512, '\n') + hint, (b) => void b.writeBigUInt64LE(1n, 36))],
  ['parent behind a zero byte', vmdk(`${sparseVmdk}\0${hint}`)],
  ['parent by id in a comment', raw('# parentCID=12345678\n')],
  ['two parents by id', raw('parentCID=12345678\n')],
  ['two kinds', raw('createType="vmfs"\n')],
  ['kind in a comment before', vmdk(`# createType="monolithicFlat"\n${sparseVmdk}`)],
  ['no parent by id', vmdk(sparseVmdk.replace(/parentCID.*\n/, ''))],
  ['no id of its own', vmdk(sparseVmdk.replace(/^CID.*\n/m, ''))],
  ['another extent in other letters', raw('rw 8 flat "/etc/passwd" 0\n')],
  ['another extent behind blanks', raw(' \v RW 8 FLAT "/etc/passwd" 0\n')],
  ['another extent after a carriage return', raw('\rRW 8 FLAT "/etc/passwd" 0\n')],
  ['an extent without a size that counts', raw('RW 9999999999999999999 FLAT "/etc/passwd" 0\n')],
  ['no capacity, so that the descriptor counts', vmdk(vmdkText('monolithicFlat', 'RW 8 FLAT "/etc/passwd" 0'), (b) => b.fill(0, 12, 20))],
  ['a descriptor alone', text(sparseVmdk)],
  ['a descriptor alone, of a kind that has its data', text(vmdkText('streamOptimized', ''))],
]

for (const [what, content] of crafted) {
  test(`a VMDK is refused: ${what}`, async () => {
    await assert.rejects(checkSafe(fileOf(content), 'vmdk', { maxVirtualBytes: GiB }), UnsafeImage)
  })
}

test('a VMDK whose descriptor has one reading is taken, with either kind of line ends', async () => {
  for (const descriptor of [sparseVmdk, sparseVmdk.replaceAll('\n', '\r\n')])
    await checkSafe(fileOf(vmdk(descriptor)), 'vmdk', { maxVirtualBytes: GiB })
})
