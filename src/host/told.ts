// What was told already is not told again: a look at the whole machine without news makes no traffic.
import type { Report } from './documents.ts'
import { documentKey } from './kinds.ts'

export function createTold(report: (news: Report) => void): { tell(news: Report): void; forget(key: string): void } {
  const told = new Map<string, string>()
  return {
    tell(news) {
      const key = documentKey(news.kind, news.id)
      const text = JSON.stringify(news)
      if (told.get(key) === text) return
      if (news.outcome === 'removed') told.delete(key)
      else told.set(key, text)
      report(news)
    },
    forget: (key) => void told.delete(key),
  }
}
