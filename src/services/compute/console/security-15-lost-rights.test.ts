// A console is open to whoever asked for it as long as they might ask again: it ends with the role, the project or the token.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WebSocket } from 'ws'
import { type Clock, systemClock } from '../../../environment.ts'
import { activeServer, ground } from '../../../testing/compute/servers.ts'
import type { Persona } from '../../../testing/persona.ts'
import { type TestCloud, testCloud } from '../../../testing/test-cloud.ts'
import { until } from '../../../testing/until.ts'

type Loss = (cloud: TestCloud, member: Persona) => Promise<unknown>

const losses: Record<string, Loss> = {
  async 'a role of the project'({ admin }, member) {
    const projectId = await member.projectId()
    const { roles } = (await admin.get('/identity/v3/roles?name=member')).body
    await admin.delete(`/identity/v3/projects/${projectId}/users/${member.login.userId}/roles/${roles[0].id}`)
  },
  async 'a project that is enabled'({ admin }, member) {
    await admin.patch(`/identity/v3/projects/${await member.projectId()}`, { project: { enabled: false } }, 200)
  },
  async 'the token that it was asked for with'(_cloud, member) {
    await member.request('DELETE', '/identity/v3/auth/tokens', { headers: { 'x-subject-token': await member.token() }, expected: 204 })
  },
}

for (const [what, lose] of Object.entries(losses)) {
  test(`security-15: no console opens, and none stays open, without ${what}`, async () => {
    const wakes: (() => void)[] = []
    // The proxy's looks are the only ones to sleep for half a minute here.
    const sleep: Clock['sleep'] = (ms, signal) =>
      ms === 30_000 ? new Promise((resolve) => void wakes.push(resolve)) : systemClock.sleep(ms, signal)
    await using cloud = await testCloud({ clock: { ...systemClock, sleep } })
    const place = await ground(cloud)
    const id = await activeServer(cloud, place)
    wakes.length = 0
    const body = { 'os-getVNCConsole': { type: 'novnc' } }
    const { url } = (await place.member.post(`/compute/v2.1/servers/${id}/action`, body, 200)).body.console
    const address = `${cloud.url.replace('http', 'ws')}/${new URL(url).searchParams.get('path')}`
    const open = () =>
      new Promise<WebSocket | null>((resolve) => {
        const socket = new WebSocket(address, ['binary'])
        socket.once('message', () => resolve(socket))
        socket.once('error', () => resolve(null))
      })
    const viewer = await open()
    assert.ok(viewer)
    const look = async () => {
      await until('it sleeps', () => wakes.length === 1)
      for (const wake of wakes.splice(0)) wake()
    }
    const pinged = new Promise((resolve) => viewer.once('ping', resolve))
    await look()
    await pinged
    const closed = new Promise((resolve) => viewer.once('close', () => resolve('closed')))
    await lose(cloud, place.member)
    await look()
    assert.equal(await Promise.race([closed, systemClock.sleep(3000)]), 'closed')
    assert.equal(await open(), null)
  })
}
