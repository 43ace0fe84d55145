// npm run dev [-- settings]: the cloud from the sources, started anew when one is saved. Its data are in .cache/dev.
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const env = { NEPHOS_DATA_DIR: join(root, '.cache/dev'), NEPHOS_LOG_LEVEL: 'debug', ...process.env } as Record<string, string>
const args = [
  '--disable-warning=ExperimentalWarning',
  '--watch',
  '--watch-preserve-output',
  join(root, 'src/cli/main.ts'),
  'up',
  ...process.argv.slice(2),
]
process.execve!(process.execPath, [process.execPath, ...args], env)
