import type { Migration } from '../src/db/schema.ts'

/** With what a console was asked for. Consoles that were asked for before are good for nothing: they live for ten minutes. */
export const consoleAskers: Migration = {
  name: '0023-console-askers',
  change(schema) {
    schema.sql('delete from compute_console_tokens')
    schema.addColumn('compute_console_tokens', 'asked_with', 'json?')
  },
}
