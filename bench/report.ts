import { execFileSync } from 'node:child_process'
import os from 'node:os'

export interface Row {
  what: string
  value: number
  unit: '/s' | 'MiB/s' | 's' | 'ms' | 'MB' | 'x'
  /** Milliseconds. */
  p99?: number
  errors?: number
  /** The peer's figure in the same unit. */
  peer: number | null
  /** So many times the peer's, or at most or at least this value. */
  goal: { times: number } | { atMost: number } | { atLeast: number } | null
}

const shown = (value: number) =>
  value >= 1000 ? Math.round(value).toLocaleString('en') : value >= 100 ? value.toFixed(0) : value.toPrecision(3)

function verdict({ value, peer, goal }: Row): string {
  if (!goal) return ''
  if ('atMost' in goal) return value <= goal.atMost ? 'reached' : 'missed'
  if ('atLeast' in goal) return value >= goal.atLeast ? 'reached' : 'missed'
  return peer !== null && value >= peer * goal.times ? 'reached' : 'missed'
}

function goalText({ goal, unit, peer }: Row): string {
  if (!goal) return ''
  if ('atMost' in goal) return `at most ${shown(goal.atMost)} ${unit}`
  if ('atLeast' in goal) return `at least ${shown(goal.atLeast)} ${unit}`
  return `${goal.times} x (${shown((peer ?? 0) * goal.times)}${unit})`
}

/** The figures of a part with the place and time of their taking. */
export interface Kept {
  date: string
  commit: string
  machine: string
  rows: Row[]
}

/** Date, commit and machine of now. */
export function taken(): Omit<Kept, 'rows'> {
  return {
    date: new Date().toISOString().slice(0, 10),
    commit: execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim(),
    machine: `${os.cpus().length} cores (${os.cpus()[0]?.model.trim()}), ${Math.round(os.totalmem() / 2 ** 30)} GiB, Linux ${os.release()}, Node ${process.version}`,
  }
}

/** A part's figures beside their goals, with the machine and the date. */
export function section(part: { title: string; load: string }, kept: Kept): string {
  const lines = kept.rows.map((row) => {
    const ratio =
      row.peer === null ? '' : `${shown(row.unit === '/s' || row.unit === 'MiB/s' ? row.value / row.peer : row.peer / row.value)} x`
    return `| ${row.what} | ${shown(row.value)} ${row.unit} | ${row.p99 === undefined ? '' : `${row.p99.toFixed(1)} ms`} | ${row.errors ?? ''} | ${row.peer === null ? '' : `${shown(row.peer)} ${row.unit}`} | ${ratio} | ${goalText(row)} | ${verdict(row)} |`
  })
  return `## ${part.title}

${part.load} ${kept.date}, commit ${kept.commit}, ${kept.machine}.

| what | Nephos | p99 | errors | peer | ratio | goal | |
|---|--:|--:|--:|--:|--:|--:|---|
${lines.join('\n')}

`
}

/** The page bench/RESULTS.md. */
export function page(sections: string[], notes: string, peerText: string): string {
  return `# Benchmark

Made by \`npm run bench\`; a part can be measured alone, with \`npm run bench -- PART\`. Load generator and cloud share the machine. The peer is
${peerText}.

${sections.join('')}## What bounds each line

${notes}`
}
