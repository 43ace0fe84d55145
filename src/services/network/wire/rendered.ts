// Things as JSON text, remembered by id and revision: a long list is mostly what it was a moment ago, and a row's revision
// grows with each change, so reading the revisions is enough to know which texts are still true.

export interface Rendered {
  /** The texts of these rows in their order; `render` is asked for those that are not known, up to 500 at once. */
  texts(
    rows: { id: string; revision: number }[],
    render: (ids: string[]) => Promise<{ id: string; revision: number; view: object }[]>,
  ): Promise<string[]>
}

/** Keeps at most `most` texts. One is needed for each form that a thing may have. */
export function createRendered(most: number): Rendered {
  const known = new Map<string, { revision: number; text: string }>()
  return {
    async texts(rows, render) {
      const missing = rows.filter((row) => known.get(row.id)?.revision !== row.revision).map((row) => row.id)
      const fresh = new Map<string, string>()
      for (let at = 0; at < missing.length; at += 500) {
        for (const { id, revision, view } of await render(missing.slice(at, at + 500))) {
          const text = JSON.stringify(view)
          fresh.set(id, text)
          known.delete(id)
          known.set(id, { revision, text })
        }
      }
      // What was deleted meanwhile has no text and is left out.
      const texts = rows.flatMap((row) => fresh.get(row.id) ?? known.get(row.id)?.text ?? [])
      for (const id of known.keys()) {
        if (known.size <= most) break
        known.delete(id)
      }
      return texts
    },
  }
}
