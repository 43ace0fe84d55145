// What can be scaffolded: its arguments, the files that are written, and what is to be done then.
import { globSync } from 'node:fs'
import { catalogEntry, listStyleIn, NewFault, placeIn, resourcesIn, serviceIn, type Tree } from './tree.ts'
import { camel, namesOf, pascal, sentence, singular, words } from './words.ts'
import type { Values } from './write.ts'

export interface Options {
  catalog?: string
  method?: string
  path?: string
  status?: string
  key?: string
  port?: string
}

export interface Scaffold {
  /** Template and path of each file. */
  files: (readonly [template: string, path: string])[]
  values: Values
  /** What is to be done next, in order, beside what the checklist says. */
  next: string[]
}

export interface NewKind {
  /** Behind the kind, on the command line. */
  usage: string
  summary: string
  /** How many names it takes. */
  names: number
  make(tree: Tree, names: readonly string[], options: Options): Scaffold
}

/** Throws NewFault unless it is lower case words with hyphens. */
function kebab(text: string): string {
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(text)) throw new NewFault(`${text}: write lower case words with hyphens, as add-volumes`)
  return text
}

const statuses: Record<string, number> = { POST: 201, DELETE: 204 }
const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']

function newOperation(tree: Tree, [where = '', verb = '']: readonly string[], options: Options): Scaffold {
  const place = placeIn(tree, where, false)
  kebab(verb)
  const entry = options.catalog ? catalogEntry(tree, options.catalog) : undefined
  const method = options.method ?? entry?.method
  const path = options.path ?? entry?.path
  if (!method || !methods.includes(method) || !path?.startsWith('/'))
    throw new NewFault('say --catalog ID (of data/operations.json), or --method and --path below the version')
  const status = Number(options.status ?? statuses[method] ?? 200)
  const { Thing } = namesOf(place.resource)
  const name = `${camel(verb)}${Thing}`
  return {
    files: [
      ['VERB.ts', `${place.folder}/${verb}.ts`],
      ['VERB.test.ts', `${place.folder}/${verb}.test.ts`],
    ],
    values: {
      ...place,
      verb,
      method,
      path,
      status,
      otherStatus: status === 200 ? undefined : status,
      operation: name,
      major: serviceIn(tree, place.service).major,
      testPath: path.replaceAll(/\{(\w+)\*?\}/g, 'some-$1'),
      title: entry?.title ?? `${sentence(verb)} a ${words(singular(place.resource))}`,
      section: entry?.section,
      catalog: entry ? `'${entry.id}'` : '',
      on: resourcesIn(tree, place.folder).find(({ param }) => path.includes(`{${param}}`))?.name,
      shown: status === 204 ? 'undefined' : "'what the reference shows'",
    },
    next: [`name ${name} in ${indexOf(tree, place.folder, place.service)}; until then the test sees 404 or 501`],
  }
}

function newAction(tree: Tree, [where = '', verb = '']: readonly string[], options: Options): Scaffold {
  const place = placeIn(tree, where, false)
  kebab(verb)
  const entry = options.catalog ? catalogEntry(tree, options.catalog) : undefined
  const key = options.key ?? entry?.action ?? verb
  const on = resourcesIn(tree, place.folder).find(({ hasPath }) => hasPath)
  if (!on) throw new NewFault(`${place.folder}/resource.ts declares no resource with a path: actions need to know where one of them is`)
  const name = `${camel(verb)}${namesOf(place.resource).Thing}`
  return {
    files: [
      ['VERB.ts', `${place.folder}/${verb}.ts`],
      ['VERB.test.ts', `${place.folder}/${verb}.test.ts`],
    ],
    values: {
      ...place,
      verb,
      key,
      on: on.name,
      operation: name,
      major: serviceIn(tree, place.service).major,
      title: entry?.title ?? `${sentence(verb)} a ${words(singular(place.resource))}`,
      section: entry?.section,
      catalog: entry ? `'${entry.id}'` : '',
      testPath: `/${place.resource}/some-${on.param}/action`,
    },
    next: [
      `name ${name} in ${indexOf(tree, place.folder, place.service)}; until then the test sees 404 or 501`,
      `declare its event in ${place.folder}/machine.ts and say event: '${camel(verb)}', history, and task where it is long work`,
    ],
  }
}

function newResource(tree: Tree, [where = '']: readonly string[], options: Options): Scaffold {
  const place = placeIn(tree, where, true)
  const names = namesOf(place.resource)
  const templates = ['index', 'resource', 'schema', 'view', 'store', 'read', 'change']
  return {
    files: [
      ...templates.map((name) => [`${name}.ts`, `${place.folder}/${name}.ts`] as const),
      ['RESOURCE.test.ts', `${place.folder}/${place.resource}.test.ts`],
    ],
    values: {
      ...place,
      ...names,
      ...listStyleIn(tree, place.service),
      path: (options.path ?? place.resource).replace(/^\//, ''),
      major: serviceIn(tree, place.service).major,
      list: `list${pascal(place.resource)}`,
      show: `show${names.Thing}`,
      create: `create${names.Thing}`,
      remove: `delete${names.Thing}`,
    },
    next: [
      'make its table: npm run new -- migration NAME, then write the queries of store.ts and `hold` of resource.ts',
      `add ...${names.thing}Operations to src/services/${place.service}/index.ts`,
      'give each operation its id of data/operations.json, and the name and check of its rule as upstream has them',
    ],
  }
}

function newTask(tree: Tree, [where = '', verb = '']: readonly string[]): Scaffold {
  const place = placeIn(tree, where, false)
  kebab(verb)
  return {
    files: [
      ['VERB-task.ts', `${place.folder}/${verb}-task.ts`],
      ['VERB-task.test.ts', `${place.folder}/${verb}-task.test.ts`],
    ],
    values: { ...place, ...namesOf(place.resource), verb, verbName: camel(verb) },
    next: [`name ${camel(verb)}Task among the tasks of src/services/${place.service}/index.ts; until then it cannot be started`],
  }
}

function newDocumentKind(_tree: Tree, [plural = '']: readonly string[]): Scaffold {
  const folder = `src/host/${kebab(plural)}`
  const names = namesOf(plural)
  return {
    files: ['document.ts', 'plan.ts', 'plan.test.ts'].map((name) => [name, `${folder}/${name}`] as const),
    values: { ...names },
    next: [
      `say in document.ts what is asked for, and plan it in ${folder}/plan.ts`,
      `write a driver for each host; then add ${names.thing}Kind to src/host/kinds.ts, which compiles only with both`,
    ],
  }
}

function newService(_tree: Tree, [name = '']: readonly string[], { port, path }: Options): Scaffold {
  const folder = `src/services/${kebab(name)}`
  if (!port || !/^[0-9]{2,5}$/.test(port)) throw new NewFault('say --port NUMBER: the one that clients know it by')
  const major = path?.replace(/^\//, '') ?? 'v1'
  const files = ['index', 'faults', 'rules', 'quotas', 'list-style', 'versions', 'facade', 'events', 'discovery.test']
  return {
    files: files.map((one) => [`${one}.ts`, `${folder}/${one}.ts`] as const),
    values: {
      name,
      port,
      major,
      service: camel(name),
      Thing: pascal(name),
      Title: sentence(name),
      words: words(name),
    },
    next: [
      `add ${camel(name)} to the services of src/services/index.ts; until then nothing answers for it`,
      `when others call it: declare ${camel(name)} of the Facades in ${folder}/facade.ts, and add ${camel(name)}Facade to src/services/index.ts`,
    ],
  }
}

function newMicroversion(tree: Tree, [name = '', version = '']: readonly string[]): Scaffold {
  const { major, microversions } = serviceIn(tree, name)
  if (!microversions) throw new NewFault(`${name} has no microversions`)
  const [, first, minor] = /^(\d+)\.(\d+)$/.exec(version) ?? []
  if (!first || Number(minor) < 1) throw new NewFault(`${version}: write a microversion, as 2.20`)
  return {
    files: [['microversion.test.ts', `src/services/${name}/microversion-${version}.test.ts`]],
    values: { name, version, major, type: microversions, before: `${first}.${Number(minor) - 1}` },
    next: [
      `make every change of ${version}; then raise maxVersion in src/services/${name}/versions.ts: until then the test sees 406`,
      'put the requests that it changes into the test, in both versions',
    ],
  }
}

function newMigration(tree: Tree, [name = '']: readonly string[]): Scaffold {
  kebab(name)
  const last = globSync('migrations/[0-9]*.ts', { cwd: tree.root }).map((path) => Number(path.slice('migrations/'.length).slice(0, 4)))
  const number = String(Math.max(0, ...last) + 1).padStart(4, '0')
  const file = `${number}-${name}`
  return {
    files: [
      ['MIGRATION.ts', `migrations/${file}.ts`],
      ['MIGRATION.test.ts', `migrations/${file}.test.ts`],
    ],
    values: { name, number, migration: camel(name), Title: sentence(name) },
    next: [
      `write what migrations/${file}.ts changes`,
      `add it to migrations/index.ts: import { ${camel(name)} } from './${file}.ts'; until then the test finds that it did not run`,
    ],
  }
}

export const kinds: Record<string, NewKind> = {
  operation: {
    usage: 'SERVICE/RESOURCE VERB (--catalog ID | --method METHOD --path PATH) [--status NUMBER]',
    summary: 'an operation in its own file, which answers 501',
    names: 2,
    make: newOperation,
  },
  action: {
    usage: 'SERVICE/RESOURCE VERB [--catalog ID] [--key KEY]',
    summary: 'an action (POST .../action), which answers 501',
    names: 2,
    make: newAction,
  },
  resource: {
    usage: 'SERVICE/RESOURCE [--path PATH]',
    summary: 'the folder of a resource that is listed, shown, made and deleted; its store is to be written',
    names: 1,
    make: newResource,
  },
  task: { usage: 'SERVICE/RESOURCE VERB', summary: 'long work in steps, whose first step fails', names: 2, make: newTask },
  'document-kind': { usage: 'PLURAL', summary: 'a kind of document for hosts, with its plan', names: 1, make: newDocumentKind },
  service: { usage: 'NAME --port NUMBER [--path VERSION]', summary: 'a service with version documents', names: 1, make: newService },
  microversion: { usage: 'SERVICE VERSION', summary: 'the test of a microversion', names: 2, make: newMicroversion },
  migration: { usage: 'NAME', summary: 'a migration, numbered, which fails until it is written', names: 1, make: newMigration },
}

/** Where a resource's operations are listed. */
const indexOf = (tree: Tree, folder: string, service: string): string =>
  tree.has(`${folder}/index.ts`) ? `${folder}/index.ts` : `src/services/${service}/index.ts`
