import type { Command } from 'commander'
import { checkMachine, type Finding } from './machine.ts'
import { configOf } from './options.ts'

const marks = { ok: '✓', warn: '!', fail: '✗' }

/** Prints what this machine can and cannot do, with the mend. Exit code 1 when the cloud could not start as the settings ask. */
export async function doctor(command: Command): Promise<void> {
  const findings = await checkMachine(configOf(command))
  const width = Math.max(...findings.map((finding) => finding.subject.length))
  for (const finding of findings) {
    process.stdout.write(`${marks[finding.verdict]} ${finding.subject.padEnd(width)}  ${finding.text}\n`)
    if (finding.mend) process.stdout.write(`  ${''.padEnd(width)}  mend: ${finding.mend}\n`)
  }
  process.stdout.write(`\n${verdict(findings)}\n`)
  if (findings.some((finding) => finding.verdict === 'fail')) process.exitCode = 1
}

/** The last line: what all of it comes to. */
export function verdict(findings: Finding[]): string {
  const failed = findings.filter((finding) => finding.verdict === 'fail').length
  if (failed > 0) return `${failed === 1 ? 'One thing keeps' : `${failed} things keep`} the cloud from starting as the settings ask.`
  const failing = findings.filter((finding) => finding.subject.startsWith('host ') && finding.verdict !== 'ok').length
  if (failing > 0)
    return `The cloud runs, and ${failing === 1 ? 'one thing' : `${failing} things`} on its hosts cannot be made as asked: see !.`
  const needed = findings.filter((finding) => finding.neededBy === 'linux' && finding.verdict !== 'ok')
  if (needed.length === 0) return 'This machine can run real guests.'
  if (needed.every((finding) => finding.subject === 'accelerator')) return 'This machine can run real guests; the mend makes them faster.'
  return 'The cloud starts here with the fake host; real guests need what is marked with !.'
}
