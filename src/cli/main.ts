// The nephos command: reads the line, loads only the command that is asked for, and turns faults into sentences and exit codes.
import { Command, CommanderError, Option } from 'commander'
import { UserError } from '../config.ts'
import { explained } from './faults.ts'
import { addSettings, locating, tellMistakes } from './options.ts'

const exitUsage = 2

/** What follows the command's name; shown by its help. */
const examples: Record<string, string[]> = {
  up: [
    '',
    '--host fake --single-port 8080',
    '--data-dir ./cloud --single-port 0',
    '--database-url postgres://nephos@db.example.org/nephos',
  ],
  agent: ['--data-dir /var/lib/nephos'],
  down: ['', '--timeout 5 --kill'],
  status: ['', '--json'],
  events: ['', '--follow --type compute.instance.create.end', '--last 1000 --json'],
  doctor: ['', '--port-offset 10000'],
  env: ['--paths', '--demo'],
  reset: ['', '--yes --data-dir ./cloud'],
  connect: ['172.24.4.10 22'],
  ssh: ['web', '-l debian -i key.pem web uname -a'],
  completion: ['bash > ~/.local/share/bash-completion/completions/nephos'],
  'service install': ['', '--user', '--print'],
  'service uninstall': ['', '--user'],
  'service status': ['', '--user'],
  'image verify': ['', '--orphans --delete'],
  'db migrate': [''],
  'keys status': ['--json'],
  'keys rotate': [''],
}

type Action = (command: Command, args: string[]) => Promise<void>

/** Every command; `load` imports its file when it is run. Tests and completion read the same tree. */
export function createProgram(): Command {
  const program = tellMistakes(new Command('nephos'))
    .description('An OpenStack cloud in one process.')
    .showHelpAfterError('(nephos --help tells more)')
    .configureHelp({ showGlobalOptions: false, sortSubcommands: false })
    .addHelpText('after', '\nEvery setting: docs/config.md. Exit codes: 0 done, 1 failed, 2 not understood.')
    .enablePositionalOptions()
    .exitOverride()

  const add = (parent: Command, usage: string, description: string, load: () => Promise<Action>): Command => {
    const command: Command = tellMistakes(parent.command(usage).description(description))
    const name = `${parent.parent ? `${parent.name()} ` : ''}${command.name()}`
    const lines = (examples[name] ?? []).map((line) => `  nephos ${name}${line && ` ${line}`}`)
    if (lines.length) command.addHelpText('after', `\n${lines.length > 1 ? 'Examples' : 'Example'}:\n${lines.join('\n')}`)
    return command.action(async () => {
      try {
        await (await load())(command, command.args)
      } catch (error) {
        throw explained(error as Error, command)
      }
    })
  }

  addSettings(
    add(
      program,
      'up',
      'start the cloud: control and, as root, host in one; Ctrl-C stops it, guests go on',
      async () => (await import('./up.ts')).up,
    ),
  )
    .addOption(new Option('--child', 'the control process that `up` of root started').hideHelp())
    .addOption(new Option('--with-parent', 'started by `npm start`: end with it').hideHelp())
  addSettings(
    add(program, 'down', 'stop the cloud, and wait until it has ended', async () => (await import('./down.ts')).down),
    locating,
  )
    .option('--timeout <SECONDS>', 'how long to wait', '30')
    .option('--kill', 'end it at once where it has not ended by then')
  addSettings(add(program, 'agent', 'start the host agent alone', async () => (await import('./agent.ts')).agent)).addOption(
    new Option('--child', 'started by `up`: leave Ctrl-C to it, and end with it').hideHelp(),
  )
  addSettings(
    add(program, 'status', 'what runs, and what each running task waits for', async () => (await import('./status.ts')).status),
    locating,
  ).option('--json', 'as JSON')
  addSettings(
    add(
      program,
      'events',
      'what happened: servers, images, networks made and removed ...',
      async () => (await import('./events.ts')).events,
    ),
    locating,
  )
    .option('--last <NUMBER>', 'how many of the newest', '20')
    .option('--type <TYPE...>', 'only of these types')
    .option('-f, --follow', 'go on with what happens from now on')
    .option('--json', 'as JSON, one a line')
  addSettings(
    add(program, 'doctor', 'what this machine can and cannot do, and how to mend it', async () => (await import('./doctor.ts')).doctor),
  )
  addSettings(
    add(program, 'env', 'print the variables of a client: eval "$(nephos env)"', async () => (await import('./env.ts')).env),
    locating,
  )
    .option('--demo', 'of the user demo instead of admin')
    .option('--paths', 'print where openrc and clouds.yaml are instead')
  addSettings(
    add(program, 'reset', 'delete all data of this cloud, and its guests and networks', async () => (await import('./reset.ts')).reset),
    ['dataDir', 'databaseUrl', 'hostName', 'guestUids', 'hostRoute'],
  ).option('-y, --yes', 'do not ask')
  const service = program.command('service').description('the cloud under systemd, started at boot')
  const asUser = 'of the systemd of this user, instead of the machine'
  const ofService = (usage: string, description: string, name: 'install' | 'uninstall' | 'serviceStatus') =>
    add(service, usage, description, async () => (await import('./service/index.ts'))[name]).option('--user', asUser)
  addSettings(ofService('install', 'write the unit, and start it now and at each boot', 'install'), locating).option(
    '--print',
    'print the unit instead',
  )
  ofService('uninstall', 'stop it and take the unit away; data and guests stay', 'uninstall')
  ofService('status', 'where the unit is, and what systemd says of it', 'serviceStatus')
  const image = program.command('image').description('the images')
  addSettings(
    add(
      image,
      'verify [id]',
      'read images in all stores and compare them with their checksums, also beside a running cloud',
      async () => (await import('./image-verify.ts')).imageVerify,
    ),
    ['dataDir', 'databaseUrl', 'imageStores'],
  )
    .option('--orphans', 'look for data that belongs to no image, instead of reading images')
    .option('--delete', 'with --orphans: delete it')
    .option('--deactivate', 'deactivate images that are damaged in any store')
    .option('--json', 'as JSON')
  const db = program.command('db').description('the database')
  addSettings(
    add(db, 'migrate', 'bring the database to the newest version', async () => (await import('./db-migrate.ts')).dbMigrate),
    ['dataDir', 'databaseUrl'],
  )
  const keys = program.command('keys').description('the keys of tokens and of stored secrets')
  const keySettings = ['dataDir', 'databaseUrl', 'keyFile', 'tokenLifetime', 'allowExpiredWindow'] as const
  addSettings(
    add(keys, 'status', 'which keys there are, and when old ones are dropped', async () => (await import('./keys.ts')).keysStatus),
    keySettings,
  ).option('--json', 'as JSON')
  addSettings(
    add(
      keys,
      'rotate',
      'take new keys; tokens stay valid, secrets are put under the new key',
      async () => (await import('./keys.ts')).keysRotate,
    ),
    keySettings,
  ).option('--json', 'as JSON')
  addSettings(
    add(
      program,
      'connect <address> <port>',
      'join standard input and output to a floating IP (an SSH ProxyCommand)',
      async () => (await import('./connect.ts')).connect,
    ),
    locating,
  )
  addSettings(
    add(program, 'ssh <server> [command...]', 'log in to a server by its name or id', async () => (await import('./ssh.ts')).ssh),
    locating,
  )
    .option('-l, --login <USER>', 'user on the server; the default is that of our guest image', 'nephos')
    .option('-i, --identity <FILE>', 'private key')
    .passThroughOptions()
  add(program, 'completion <shell>', 'print completion for bash, zsh or fish', async () => (await import('./completion.ts')).completion)
  return program
}

/** Runs one command line (without node and script). Resolves with the exit code. */
export async function main(args: string[]): Promise<number> {
  try {
    const program = createProgram()
    if (args.length === 0) {
      program.outputHelp()
      return exitUsage
    }
    await program.parseAsync(args, { from: 'user' })
    return Number(process.exitCode ?? 0)
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : exitUsage
    if (error instanceof UserError) {
      process.stderr.write(`nephos: ${error.message}\n`)
      return error.exitCode
    }
    throw error
  }
}

if (import.meta.main) {
  // A reader that goes away (nephos status | head) is no fault.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))
  process.exit(await main(process.argv.slice(2)))
}
