import type { Migration } from '../src/db/schema.ts'

/** Compute: flavors, key pairs, servers with their history, what is claimed of hosts, and tokens of consoles. */
export const compute: Migration = {
  name: '0005-compute',
  change(schema) {
    schema.table(
      'compute_flavors',
      {
        id: 'text',
        name: 'text',
        vcpus: 'int',
        ram: 'int',
        disk: 'int',
        ephemeral: 'int=0',
        swap: 'int=0',
        rxtx_factor: 'real',
        is_public: 'bool=1',
        extra_specs: 'json',
        created_at: 'time',
      },
      { primary: ['id'], unique: [['name']] },
    )
    schema.table(
      'compute_flavor_access',
      { flavor_id: 'text', project_id: 'text' },
      { primary: ['flavor_id', 'project_id'], index: [['project_id']] },
    )
    schema.table(
      'compute_keypairs',
      {
        seq: 'serial',
        user_id: 'text',
        name: 'text',
        type: 'text',
        public_key: 'text',
        fingerprint: 'text',
        created_at: 'time',
      },
      { unique: [['user_id', 'name']] },
    )
    schema.table(
      'compute_servers',
      {
        seq: 'serial',
        id: 'text',
        name: 'text',
        description: 'text?',
        project_id: 'text',
        user_id: 'text',
        image_id: 'text?',
        flavor_id: 'text',
        flavor: 'json',
        boot_images: 'json',
        vm_state: 'text',
        task_state: 'text?',
        power_state: 'int=0',
        host: 'text?',
        availability_zone: 'text?',
        key_name: 'text?',
        public_key: 'text?',
        user_data: 'text?',
        metadata: 'json',
        personality: 'json',
        config_drive: 'bool=0',
        access_ip_v4: 'text?',
        access_ip_v6: 'text?',
        disk_config: 'text',
        hostname: 'text',
        nics: 'json',
        hints: 'json',
        security_groups: 'json',
        admin_pass: 'text?',
        guest_password: 'text?',
        guest_password_cleared: 'bool=0',
        reservation_id: 'text',
        launch_index: 'int=0',
        fault: 'json?',
        created_at: 'time',
        updated_at: 'time',
        launched_at: 'time?',
        terminated_at: 'time?',
        deleted_at: 'time?',
      },
      {
        unique: [['id']],
        index: [
          ['project_id', 'deleted_at', 'created_at'],
          ['deleted_at', 'created_at'],
          ['host', 'deleted_at'],
          ['reservation_id'],
          ['flavor_id', 'deleted_at'],
        ],
      },
    )
    schema.table(
      'compute_actions',
      {
        seq: 'serial',
        server_id: 'text',
        action: 'text',
        request_id: 'text',
        user_id: 'text',
        project_id: 'text',
        start_time: 'time',
        updated_at: 'time',
        message: 'text?',
        events: 'json',
      },
      { index: [['server_id', 'request_id']] },
    )
    schema.table(
      'compute_host_usage',
      { seq: 'serial', host: 'text', vcpus: 'int=0', ram_mib: 'int=0', disk_gib: 'int=0', servers: 'int=0' },
      { unique: [['host']] },
    )
    schema.table(
      'compute_console_tokens',
      { token_hash: 'text', server_id: 'text', user_id: 'text', expires_at: 'int' },
      { primary: ['token_hash'], index: [['server_id'], ['expires_at']] },
    )
  },
}
