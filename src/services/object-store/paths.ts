// Paths as Swift reads them: what is no encoding stands for itself.
import { plainPage } from './limits.ts'
import { unquoteHeader } from './quoting.ts'

/** The path with each bare percent sign encoded. Throws 412 for NUL and for what is no UTF-8. */
export function readPath(path: string): string {
  if (!path.includes('%')) return path
  const text = unquoteHeader(path)
  if (text === null) throw plainPage(412, 'Invalid UTF8 or contains NULL')
  return path.replace(/%(?![0-9A-Fa-f]{2})/g, '%25')
}
