import assert from 'node:assert/strict'
import { test } from 'node:test'
import { guestSpec, testDisks, testImage } from '../../testing/host/guests.ts'
import { qemuCommand } from '../commands/qemu.ts'
import { seccompFilter } from '../commands/seccomp.ts'
import { assignSlots, slotted } from './device-words.ts'
import type { GuestSpec } from './document.ts'
import { type GuestMachine, qemuArgs as renderArgs } from './qemu-args.ts'

const id = '11111111-2222-4333-8444-555555555555'
const machine = { id, accelerator: 'tcg' as const, taps: ['tap1'] }
const qemuArgs = (spec: GuestSpec, more: Partial<GuestMachine> = {}) =>
  renderArgs(spec, { ...machine, slots: assignSlots(slotted(spec), {}), ...more })
/** One line an option with its value. */
const shown = (args: string[]) => args.join(' ').replaceAll(/ -(?=[a-z])/g, '\n-')

test('all that a guest may have', () => {
  const spec = guestSpec({
    vcpus: 2,
    disks: testDisks(testImage, { ephemeralGiB: 1, swapMiB: 64, configDrive: true }),
    nics: [{ portId: 'p', mac: 'fa:16:3e:00:00:01', mtu: 1450 }],
    channels: [{ name: 'org.qemu.guest_agent.0' }],
    kernel: testImage,
    ramdisk: testImage,
    kernelArguments: 'a=b,c -nodefaults',
  })
  assert.equal(
    shown(qemuArgs(spec)),
    `-name guest=${id},process=nephos-guest
-uuid ${id}
-nodefaults
-no-user-config
-sandbox on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny
-machine pc,usb=off,vmport=off,dump-guest-core=off
-accel tcg,thread=multi,tb-size=64
-cpu max
-smp cpus=2
-m size=128M
-smbios type=1,manufacturer=Nephos,product=OpenStack Compute,uuid=${id}
-rtc base=utc
-boot strict=on
-action shutdown=pause -S
-chardev socket,id=qmp,path=sockets/qmp,server=on,wait=off
-mon chardev=qmp,mode=control
-chardev socket,id=serial,path=sockets/serial,server=on,wait=off,logfile=console.log,logappend=on
-serial chardev:serial
-vnc unix:sockets/vnc
-device VGA,vgamem_mb=16,addr=2
-object {"qom-type":"rng-random","id":"rng","filename":"/dev/urandom"}
-device {"driver":"virtio-rng-pci","rng":"rng","addr":"3"}
-blockdev {"node-name":"root","discard":"unmap","driver":"qcow2","file":{"driver":"file","filename":"root.qcow2","read-only":false,"discard":"unmap"},"backing":{"driver":"qcow2","read-only":true,"file":{"driver":"file","filename":"base.img","read-only":true,"discard":"unmap"},"backing":null}}
-device {"driver":"virtio-blk-pci","id":"root-disk","drive":"root","addr":"4"}
-blockdev {"node-name":"ephemeral","discard":"unmap","driver":"raw","file":{"driver":"file","filename":"ephemeral.raw","read-only":false,"discard":"unmap"}}
-device {"driver":"virtio-blk-pci","id":"ephemeral-disk","drive":"ephemeral","addr":"5"}
-blockdev {"node-name":"swap","discard":"unmap","driver":"raw","file":{"driver":"file","filename":"swap.raw","read-only":false,"discard":"unmap"}}
-device {"driver":"virtio-blk-pci","id":"swap-disk","drive":"swap","addr":"6"}
-blockdev {"node-name":"config","driver":"raw","read-only":true,"file":{"driver":"file","filename":"config.iso","read-only":true,"discard":"unmap"}}
-device {"driver":"virtio-scsi-pci","id":"scsi","addr":"7"}
-device {"driver":"scsi-cd","id":"config-disk","bus":"scsi.0","drive":"config"}
-netdev tap,id=net-p,ifname=tap1,script=no,downscript=no
-device {"driver":"virtio-net-pci","id":"nic-p","netdev":"net-p","mac":"fa:16:3e:00:00:01","host_mtu":1450,"romfile":"","addr":"8"}
-device {"driver":"virtio-serial-pci","id":"channels","addr":"9"}
-chardev socket,id=channel-org.qemu.guest_agent.0,path=channels/org.qemu.guest_agent.0,server=on,wait=off
-device {"driver":"virtserialport","id":"channel-org.qemu.guest_agent.0","bus":"channels.0","chardev":"channel-org.qemu.guest_agent.0","name":"org.qemu.guest_agent.0"}
-kernel kernel
-initrd ramdisk
-append a=b,c
-nodefaults`,
  )
  assert.equal(qemuArgs(spec).at(-1), 'a=b,c -nodefaults', 'the kernel arguments are one argument')
})

test('a raw image lies below as raw, and KVM gives the host CPU', () => {
  const args = shown(qemuArgs(guestSpec({ disks: testDisks({ ...testImage, format: 'raw' }) }), { accelerator: 'kvm' }))
  assert.match(args, /"backing":\{"driver":"raw","read-only":true,"file":\{[^}]*\}\}\}\n/)
  assert.match(args, /"drive":"root","addr":"4","bootindex":0\}/)
  assert.match(args, /-accel kvm\n-cpu host\n/)
  assert.doesNotMatch(args, /config\.iso|-kernel|-netdev/)
})

for (const [name, nic, tap] of [
  ['MAC', { portId: 'p', mac: 'fa:16:3e:00:00:01,script=/tmp/x', mtu: 1450 }, 'tap1'],
  ['tap', { portId: 'p', mac: 'fa:16:3e:00:00:01', mtu: 1450 }, 'tap1,script=/tmp/x'],
] as const) {
  test(`a ${name} that would add an option is refused`, () => {
    assert.throws(() => qemuArgs(guestSpec({ nics: [nic] }), { taps: [tap] }), /not valid|no valid name/)
  })
}

test('memory and CPUs are whole numbers', () => {
  assert.throws(() => qemuArgs(guestSpec({ ramMiB: 0.5 })), /no count/)
  assert.throws(() => qemuArgs(guestSpec({ vcpus: 0 })), /no count/)
})

test('QEMU starts in its namespace, under a filter, without rights', () => {
  const [ip, netns, exec, namespace, ...rest] = qemuCommand({ args: ['-x'], uid: 64055, group: 64000, netns: 'n1' }, 'x64')
  assert.deepEqual([ip, netns, exec, namespace], ['ip', 'netns', 'exec', 'n1'])
  assert.deepEqual([rest[0], rest[1], rest[3]], ['perl', '-e', '317'])
  assert.equal(rest[4], seccompFilter('x64', ['socket'])!.toString('hex'))
  assert.deepEqual(
    rest.slice(5).join(' '),
    'setpriv --reuid 64055 --rgid 64000 --egid 64055 --groups 64055 --no-new-privs qemu-system-x86_64 -x',
  )
  // Where the numbers of the calls are not known there is no filter.
  assert.equal(
    qemuCommand({ args: [], uid: 1, group: 2, gid: 104, netns: null }, 'riscv64').join(' '),
    'setpriv --reuid 1 --rgid 2 --egid 1 --groups 1,104 --no-new-privs qemu-system-x86_64',
  )
})
