// Reference 3.4: the console's text, and an address under which its screen is shown for a while.
import { Type } from 'typebox'
import { badRequest, conflict } from '../../../api/faults.ts'
import { type BaseContext, operation } from '../../../api/operation.ts'
import { Closed, LooseInteger, Nullable } from '../../../api/types.ts'
import { rule } from '../../../auth/policy.ts'
import { memberOrAdmin } from '../rules.ts'
import { servers } from '../servers/resource.ts'
import type { Server } from '../servers/store.ts'
import { consoleRule, issueConsoleToken } from './tokens.ts'

const path = '/servers/{server_id}/action'

const consoleOutput = operation({
  id: 'servers.console-output',
  method: 'POST',
  path,
  action: 'os-getConsoleOutput',
  summary: 'Show the text of a server’s serial console',
  catalog: ['compute-v2.1.servers-actions.get-console-output-for-a-server'],
  policy: rule('os_compute_api:os-console-output', memberOrAdmin, 'Show the console output of a server.'),
  on: servers,
  transaction: 'none',
  body: Type.Object({
    'os-getConsoleOutput': Nullable(Closed({ length: Type.Optional(Nullable(LooseInteger(-1))) })),
  }),
  answer: Type.Object({ output: Type.String() }),
  async handle({ server, body, cloud }) {
    if (!server.host || server.vm_state === 'building') throw conflict(`Instance ${server.id} is not ready`)
    const lines = body['os-getConsoleOutput']?.length ?? undefined
    const calls = cloud.hosts.calls(server.host)
    if (!calls) throw conflict(`The host of instance ${server.id} does not answer.`)
    const text = lines === 0 ? '' : await calls.consoleLog(server.id, lines === undefined || lines === -1 ? undefined : lines)
    return { output: text }
  },
})

async function consoleUrl({ server, cloud, tx, who, request }: BaseContext & { server: Server }): Promise<string> {
  if (server.vm_state !== 'active' || !server.host) throw conflict(`Instance ${server.id} is not ready`)
  const askedWith = cloud.tokens.read(String(request.headers['x-auth-token']))!
  const token = await issueConsoleToken(cloud, tx, server.id, who.user.id, askedWith)
  const root = cloud.endpoints.shown(cloud.endpoints.root('console'), request)
  return `${root}/vnc_auto.html?path=${encodeURIComponent(`${cloud.config.singlePort === null ? '' : 'console/'}?token=${token}`)}`
}

const remoteConsoles = rule(consoleRule, memberOrAdmin, 'Get the address of a server’s remote console.')

const vncConsole = operation({
  id: 'servers.vnc-console',
  method: 'POST',
  path,
  action: 'os-getVNCConsole',
  summary: 'Get the address of a server’s VNC console',
  catalog: ['compute-v2.1.servers-actions.get-vnc-console-for-a-server'],
  until: '2.5',
  policy: remoteConsoles,
  on: servers,
  body: Closed({ 'os-getVNCConsole': Closed({ type: Type.Unsafe<string>({ enum: ['novnc', 'xvpvnc'] }) }) }),
  answer: Type.Object({ console: Type.Object({ type: Type.Unsafe<string>({ enum: ['novnc'] }), url: Type.String() }) }),
  async handle(context) {
    if (context.body['os-getVNCConsole'].type !== 'novnc') throw badRequest('Unavailable console type xvpvnc.')
    return { console: { type: 'novnc', url: await consoleUrl(context) } }
  },
})

/** What replaced the action from 2.6 on. */
const remoteConsole = operation({
  id: 'servers.remote-console',
  method: 'POST',
  path: '/servers/{server_id}/remote-consoles',
  summary: 'Create a remote console',
  catalog: [],
  since: '2.6',
  policy: remoteConsoles,
  on: servers,
  body: Closed({
    remote_console: Closed({
      protocol: Type.Unsafe<string>({ enum: ['vnc', 'spice', 'rdp', 'serial', 'mks'] }),
      type: Type.Unsafe<string>({ enum: ['novnc', 'xvpvnc', 'spice-html5', 'rdp-html5', 'serial', 'webmks'] }),
    }),
  }),
  answer: Type.Object({
    remote_console: Type.Object({
      protocol: Type.Unsafe<string>({ enum: ['vnc'] }),
      type: Type.Unsafe<string>({ enum: ['novnc'] }),
      url: Type.String(),
    }),
  }),
  async handle(context) {
    const { protocol, type } = context.body.remote_console
    if (protocol !== 'vnc' || type !== 'novnc') throw badRequest(`Unavailable console type ${type}.`)
    return { remote_console: { protocol, type, url: await consoleUrl(context) } }
  },
})

export const consoleOperations = [consoleOutput, vncConsole, remoteConsole]
