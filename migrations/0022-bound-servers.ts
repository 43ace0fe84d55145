import type { Migration, SchemaChange } from '../src/db/schema.ts'

/** Sets the mark of ports that are on a host and have none yet. */
const mark = (schema: SchemaChange, server: string) =>
  schema.sql(`update network_ports set bound_server = (${server}) where bound_host is not null and bound_server is null`)

const ofProject = 'from compute_servers s where s.id = device_id and s.project_id = network_ports.project_id'
/** True where the guest's document lists the port. In texts of the document quotes are escaped, so no text can pretend to. */
const listed = `g.kind = 'guest' and g.spec like '%"portId":"' || network_ports.id || '"%'`

/**
 * Which server compute bound a port to. Until now `device_id` said so, which a port's owner may change to anything: it
 * is believed where the guest has the port, else the guest that has it counts, the project's own first, and a server
 * that has no guest yet only in the port's project.
 */
export const boundServers: Migration = {
  name: '0022-bound-servers',
  change(schema) {
    schema.addColumn('network_ports', 'bound_server', 'text?')
    schema.index('network_ports', ['bound_server'])
    mark(schema, `select s.id ${ofProject} and exists (select 1 from host_documents g where g.id = s.id and ${listed})`)
    mark(
      schema,
      `select s.id from host_documents g join compute_servers s on s.id = g.id where ${listed}
       order by case when s.project_id = network_ports.project_id then 0 else 1 end, s.id limit 1`,
    )
    mark(schema, `select s.id ${ofProject} and s.deleted_at is null and network_ports.device_owner like 'compute:%'`)
  },
}
