import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { silentLog } from '../../log.ts'
import { barrier, probeAccelerator, runsUnder } from './accelerator.ts'

test('the probe sees a guest that runs, and ends one that does not answer in time', async () => {
  assert.equal(await runsUnder('tcg', 20_000), true)
  assert.equal(await runsUnder('tcg', 1), false)
})

test('what guests may not open is not used, and told with the mend', () => {
  assert.deepEqual(barrier(null), { text: 'there is no /dev/kvm' })
  for (const device of [
    { mode: 0o020600, gid: 0 },
    { mode: 0o020660, gid: 0 },
    { mode: 0o020640, gid: 104 },
  ])
    assert.match(barrier(device)!.mend!, /chgrp kvm/)
  for (const device of [
    { mode: 0o020666, gid: 0 },
    { mode: 0o020660, gid: 104 },
  ])
    assert.equal(barrier(device), undefined)
})

test('the answer is kept until the machine starts anew', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'probe-'))
  try {
    const path = join(dataDir, 'cache/accelerator.json')
    const found = await probeAccelerator({ dataDir, log: silentLog })
    const kept = JSON.parse(await readFile(path, 'utf8'))
    assert.equal(kept.accelerator, found)
    const other = found === 'kvm' ? 'tcg' : 'kvm'
    await writeFile(path, JSON.stringify({ ...kept, accelerator: other }))
    assert.equal(await probeAccelerator({ dataDir, log: silentLog }), other, 'what is kept is believed')
    await writeFile(path, JSON.stringify({ bootId: 'another boot', accelerator: other }))
    // Where KVM answers at times only, the answer may be another one now: what counts is that the machine was asked.
    const again = await probeAccelerator({ dataDir, log: silentLog })
    assert.deepEqual(JSON.parse(await readFile(path, 'utf8')), { ...kept, accelerator: again }, 'and not after another boot')
  } finally {
    await rm(dataDir, { recursive: true })
  }
})

test('without a data folder there is an answer, and no folder is made', async () => {
  const dataDir = join(tmpdir(), `none-${process.pid}`)
  assert.match(await probeAccelerator({ dataDir, log: silentLog }), /^(kvm|tcg)$/)
  await assert.rejects(readFile(dataDir), /ENOENT/)
})
