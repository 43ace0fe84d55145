// npm run generate: writes every generated file; with --check it only says which are stale.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { migrations } from '../migrations/index.ts'
import { openapiDocument } from '../src/api/openapi.ts'
import { services } from '../src/services/index.ts'
import { columnsFile } from './generate/columns.ts'
import { configPage } from './generate/config.ts'
import { coverageOf, coveragePage, readCatalog } from './generate/coverage.ts'
import { operationsPage } from './generate/operations.ts'
import { policyPage, policySample } from './generate/policy.ts'
import { servedOperations } from './generate/served.ts'
import { statesPage } from './generate/states.ts'

const root = join(import.meta.dirname, '..')

/** Every generated file, by its path in the repository. */
export async function generatedFiles(): Promise<Map<string, string>> {
  const files = new Map<string, string>()
  files.set('src/db/columns.generated.ts', columnsFile(migrations))
  files.set('docs/config.md', configPage())
  files.set('docs/coverage.md', coveragePage(coverageOf(readCatalog(), services.map(servedOperations))))
  files.set('docs/operations.md', operationsPage(services))
  files.set('docs/policy.md', policyPage(services))
  files.set('docs/policy.sample.yaml', policySample(services))
  files.set('docs/states.md', statesPage(services))
  for (const service of services) {
    for (const major of service.majors) {
      files.set(`openapi/${service.name}-${major.id}.json`, `${JSON.stringify(openapiDocument(service, major), null, 1)}\n`)
    }
  }
  return files
}

/** Paths of the files that differ from what would be generated. */
export async function staleFiles(): Promise<string[]> {
  const files = await generatedFiles()
  const current = (path: string) => (existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8') : undefined)
  return [...files].filter(([path, content]) => current(path) !== content).map(([path]) => path)
}

if (import.meta.main) {
  const stale = await staleFiles()
  if (process.argv.includes('--check')) {
    for (const path of stale) console.log(`stale: ${path} (npm run generate)`)
    process.exit(stale.length > 0 ? 1 : 0)
  }
  const files = await generatedFiles()
  for (const path of stale) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), files.get(path)!)
    console.log(`wrote ${path}`)
  }
}
