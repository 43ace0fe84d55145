import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { systemClock } from '../../environment.ts'
import { silentLog } from '../../log.ts'
import { until } from '../../testing/until.ts'
import { addNamespace, namespaceInode, removeNamespace } from '../commands/netns.ts'
import { daemon } from './daemon.ts'
import { createDaemons } from './supervisor.ts'

const user = { uid: 64_777, gid: 64_778 }
const sleeper = daemon({
  name: 'sleeper',
  program: 'sh',
  arguments: (at) => ['-c', 'cat "$0" >&2; exec sleep 1000', at.file('secret')],
  files: { secret: { onChange: 'restart', mode: 0o600 } },
  user,
  limits: { memoryBytes: 2 ** 29, openFiles: 100 },
})

test('security-04: a daemon runs as its user, in its namespace, within its limits, and only it reads its secret', async () => {
  const root = await mkdtemp(join(tmpdir(), 'daemons-'))
  await chmod(root, 0o755)
  const namespace = `d${randomBytes(3).toString('hex')}`
  await addNamespace(namespace)
  const parts = { root, types: [sleeper], clock: systemClock, log: silentLog, changed() {} }
  const daemons = createDaemons(parts)
  const all = [daemons]
  try {
    const want = { namespace, files: () => ({ secret: 'known to one\n' }) }
    await daemons.ensure(sleeper, 'a', want)
    const found = (await daemons.find('a'))!
    assert.equal(found.namespace, await namespaceInode(namespace))
    const about = await readFile(`/proc/${found.pid}/status`, 'utf8')
    assert.match(about, /^Uid:(\t64777){4}$/m)
    assert.match(about, /^Gid:(\t64778){4}$/m)
    assert.match(about, /^Groups:\t ?$/m)
    assert.match(about, /^CapEff:\t0+$/m)
    assert.match(about, /^NoNewPrivs:\t1$/m)
    const limits = await readFile(`/proc/${found.pid}/limits`, 'utf8')
    assert.match(limits, /^Max address space +536870912 /m)
    assert.match(limits, /^Max open files +100 /m)
    assert.match(limits, /^Max core file size +0 /m)
    const secret = await stat(join(root, 'a/secret'))
    assert.deepEqual([secret.mode & 0o777, secret.uid], [0o600, user.uid])
    assert.equal((await stat(join(root, 'a/log'))).uid, 0)
    await until('it has read it', async () => (await readFile(join(root, 'a/log'), 'utf8')) === 'known to one\n')
    // Another agent knows it although it is another user's process.
    const next = createDaemons(parts)
    all.push(next)
    await next.ensure(sleeper, 'a', want)
    assert.equal((await next.find('a'))!.pid, found.pid)
    // A namespace that was made anew has the daemon made anew.
    await removeNamespace(namespace)
    await addNamespace(namespace)
    await next.ensure(sleeper, 'a', want)
    assert.equal((await next.find('a'))!.namespace, await namespaceInode(namespace))
    await next.remove('a')
    assert.deepEqual(await readdir(root), [])
  } finally {
    await all.at(-1)!.remove('a')
    for (const each of all) await each.close()
    await removeNamespace(namespace)
    await rm(root, { recursive: true, force: true })
  }
})
