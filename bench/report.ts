import { execFileSync } from 'node:child_process'
import os from 'node:os'

export interface Row {
  what: string
  value: number
  unit: '/s' | 's' | 'ms' | 'MB' | 'x'
  /** Milliseconds. */
  p99?: number
  errors?: number
  /** The peer's figure in the same unit. */
  peer: number | null
  /** So many times the peer's, or at most this value. */
  goal: { times: number } | { atMost: number } | null
}

const shown = (value: number) =>
  value >= 1000 ? Math.round(value).toLocaleString('en') : value >= 100 ? value.toFixed(0) : value.toPrecision(3)

function verdict({ value, peer, goal }: Row): string {
  if (!goal) return ''
  if ('atMost' in goal) return value <= goal.atMost ? 'reached' : 'missed'
  return peer !== null && value >= peer * goal.times ? 'reached' : 'missed'
}

const goalText = ({ goal, unit, peer }: Row) =>
  !goal ? '' : 'atMost' in goal ? `at most ${shown(goal.atMost)} ${unit}` : `${goal.times} x (${shown((peer ?? 0) * goal.times)}${unit})`

/** The page bench/RESULTS.md: figures beside goals, with the machine and the date. */
export function report(rows: Row[], notes: string, peerText: string): string {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()
  const machine = `${os.cpus().length} cores (${os.cpus()[0]?.model.trim()}), ${Math.round(os.totalmem() / 2 ** 30)} GiB, Linux ${os.release()}, Node ${process.version}`
  const lines = rows.map((row) => {
    const ratio = row.peer === null ? '' : `${shown(row.unit === '/s' ? row.value / row.peer : row.peer / row.value)} x`
    return `| ${row.what} | ${shown(row.value)} ${row.unit} | ${row.p99 === undefined ? '' : `${row.p99.toFixed(1)} ms`} | ${row.errors ?? ''} | ${row.peer === null ? '' : `${shown(row.peer)} ${row.unit}`} | ${ratio} | ${goalText(row)} | ${verdict(row)} |`
  })
  return `# Benchmark

Made by \`npm run bench\` on ${new Date().toISOString().slice(0, 10)}, commit ${commit}, on ${machine}. Load generator and cloud share the machine.
16 connections, 5 s each, SQLite with every commit flushed. The peer is ${peerText}.

| what | Nephos | p99 | errors | peer | ratio | goal | |
|---|--:|--:|--:|--:|--:|--:|---|
${lines.join('\n')}

${notes}`
}
