// One bundle for release: dist/nephos.js, with a chunk for each command so that only what is used is loaded.
import { existsSync, globSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { build } from 'esbuild'

const root = join(import.meta.dirname, '../..')
export const bundlePath = join(root, 'dist/nephos.js')

/** True when no source (or folder of sources: a file may have gone) is newer than the bundle. */
export function bundleIsFresh(): boolean {
  if (!existsSync(bundlePath)) return false
  const built = statSync(bundlePath).mtimeMs
  const sources = globSync(['src/**', 'migrations/**', 'data/**', 'package-lock.json', 'scripts/host/bundle.ts'], { cwd: root })
  return sources.every((path) => path.endsWith('.test.ts') || statSync(join(root, path)).mtimeMs <= built)
}

const day = 86_400_000

/** Builds it anew. Chunks of the last day stay, since a running cloud may still load one. CommonJS packages inside need a `require`; native ones and those that are not installed stay outside. */
export async function buildBundle(outdir = 'dist'): Promise<void> {
  const { metafile, outputFiles } = await build({
    metafile: true,
    write: false,
    absWorkingDir: root,
    entryPoints: { nephos: 'src/cli/main.ts' },
    outdir,
    chunkNames: 'chunks/[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    sourcemap: 'linked',
    sourcesContent: false,
    external: ['better-sqlite3', 'pg-native'],
    banner: { js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);" },
    logLevel: 'warning',
  })
  // The entry comes last and at once: who starts meanwhile has the old program or the new one, not half of it.
  for (const { path, contents } of outputFiles.sort(
    (a, b) => Number(a.path.endsWith('nephos.js')) - Number(b.path.endsWith('nephos.js')),
  )) {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(`${path}.new`, contents)
    renameSync(`${path}.new`, path)
  }
  for (const path of globSync(`${outdir}/chunks/*`, { cwd: root })) {
    if (!metafile.outputs[path] && Date.now() - statSync(join(root, path)).mtimeMs > day) rmSync(join(root, path))
  }
}
