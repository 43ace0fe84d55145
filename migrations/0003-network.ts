import type { Migration } from '../src/db/schema.ts'

/** Networking: networks, subnets, addresses, ports, routers, floating IPs and security groups. */
export const network: Migration = {
  name: '0003-network',
  change(schema) {
    const common = {
      id: 'text',
      project_id: 'text',
      name: 'text',
      description: 'text',
      revision: 'int=0',
      created_at: 'time',
      updated_at: 'time',
    }
    schema.table(
      'network_networks',
      {
        ...common,
        admin_state_up: 'bool',
        status: 'text',
        shared: 'bool=0',
        external: 'bool=0',
        is_default: 'bool=0',
        mtu: 'int',
        port_security_enabled: 'bool=1',
        dns_domain: 'text',
        availability_zone_hints: 'json',
      },
      { primary: ['id'], index: [['project_id', 'id']] },
    )
    schema.table(
      'network_subnets',
      {
        ...common,
        network_id: 'text',
        ip_version: 'int',
        cidr: 'text',
        gateway_ip: 'text?',
        enable_dhcp: 'bool',
        dns_nameservers: 'json',
        host_routes: 'json',
        allocation_pools: 'json',
        ipv6_address_mode: 'text?',
        ipv6_ra_mode: 'text?',
        // The address given out last, as in network_addresses: the search for a free one begins behind it.
        last_key: 'text=',
      },
      { primary: ['id'], index: [['network_id'], ['project_id', 'id']], references: { network_id: 'network_networks.id' } },
    )
    schema.table(
      'network_ports',
      {
        ...common,
        network_id: 'text',
        admin_state_up: 'bool',
        status: 'text',
        mac_address: 'text',
        device_id: 'text',
        device_owner: 'text',
        fixed_ips: 'json',
        security_groups: 'json',
        allowed_address_pairs: 'json',
        extra_dhcp_opts: 'json',
        port_security_enabled: 'bool',
        binding_host: 'text',
        binding_vnic_type: 'text',
        binding_profile: 'json',
        dns_name: 'text',
        // Set while a host has (or shall have) the port; the others serve compute.
        bound_host: 'text?',
        guest_hostname: 'text?',
        made_by_compute: 'bool=0',
        nic_order: 'int=0',
      },
      {
        primary: ['id'],
        unique: [['network_id', 'mac_address']],
        index: [['project_id', 'id'], ['device_id']],
        references: { network_id: 'network_networks.id' },
      },
    )
    // ip_key is the address as hex digits of one length, so that it sorts as the number does.
    schema.table(
      'network_addresses',
      { subnet_id: 'text', ip_key: 'text', ip_address: 'text', port_id: 'text' },
      {
        primary: ['subnet_id', 'ip_key'],
        index: [['port_id'], ['ip_address']],
        references: { subnet_id: 'network_subnets.id', port_id: 'network_ports.id' },
      },
    )
    schema.table('network_security_groups', { ...common, is_default: 'bool=0' }, { primary: ['id'], index: [['project_id', 'id']] })
    schema.table('network_default_groups', { project_id: 'text', security_group_id: 'text' }, { primary: ['project_id'] })
    schema.table(
      'network_security_group_rules',
      {
        id: 'text',
        project_id: 'text',
        security_group_id: 'text',
        direction: 'text',
        ethertype: 'text',
        protocol: 'text?',
        port_range_min: 'int?',
        port_range_max: 'int?',
        remote_ip_prefix: 'text?',
        remote_group_id: 'text?',
        description: 'text',
        revision: 'int=0',
        created_at: 'time',
        updated_at: 'time',
        // All that the rule says in one text, so that no group has a rule twice.
        rule_key: 'text',
      },
      {
        primary: ['id'],
        unique: [['security_group_id', 'rule_key']],
        index: [['project_id', 'id'], ['remote_group_id']],
        references: { security_group_id: 'network_security_groups.id' },
      },
    )
    schema.table(
      'network_port_groups',
      { security_group_id: 'text', port_id: 'text' },
      {
        primary: ['security_group_id', 'port_id'],
        index: [['port_id']],
        references: { security_group_id: 'network_security_groups.id', port_id: 'network_ports.id' },
      },
    )
    // What has been done once and for all, such as the external network of the first start.
    schema.table('network_state', { name: 'text', value: 'text' }, { primary: ['name'] })
    // Ports of a server that a host shall give up and has not reported as gone.
    schema.table(
      'network_leaving_ports',
      { port_id: 'text', server_id: 'text', host: 'text' },
      { primary: ['port_id', 'host'], index: [['server_id']] },
    )
    schema.table(
      'network_routers',
      {
        ...common,
        admin_state_up: 'bool',
        status: 'text',
        routes: 'json',
        gateway_port_id: 'text?',
        gateway_network_id: 'text?',
        enable_snat: 'bool=1',
        availability_zone_hints: 'json',
      },
      { primary: ['id'], index: [['project_id', 'id']] },
    )
    schema.table(
      'network_floating_ips',
      {
        id: 'text',
        project_id: 'text',
        description: 'text',
        floating_network_id: 'text',
        floating_ip_address: 'text',
        floating_port_id: 'text',
        port_id: 'text?',
        fixed_ip_address: 'text?',
        router_id: 'text?',
        status: 'text',
        dns_name: 'text',
        dns_domain: 'text',
        revision: 'int=0',
        created_at: 'time',
        updated_at: 'time',
      },
      {
        primary: ['id'],
        unique: [['floating_port_id'], ['port_id', 'fixed_ip_address']],
        index: [['project_id', 'id'], ['router_id'], ['floating_network_id']],
        references: { floating_network_id: 'network_networks.id' },
      },
    )
  },
}
