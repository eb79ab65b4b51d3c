/** The process between the hosts: frames come as datagrams of VXLAN, go through the router, and leave the same way. */
import { createSocket } from 'node:dgram';
import type { Counts, Numbered, RouterCommand, RouterReport, WiredHost } from '../network/messages.ts';
import { type LabEvent, Router } from '../network/router.ts';
import { PcapFile } from '../network/pcap.ts';

const PORT = 4_789;
/** 8 bytes of VXLAN (RFC 7348 §5) and 14 of Ethernet stand before each packet. */
const HEAD_BYTES = 22;
const SOCKET_BYTES = 8 * 1024 * 1024;
/** Kernels drop frames that seem to come from themselves: all hosts have :01, so all frames come from :02. */
const HEAD = Buffer.from('08000000000007000200000000010200000000020800', 'hex');

const [hostsText = '[]', pcapPath] = process.argv.slice(2);
const hosts: readonly WiredHost[] = JSON.parse(hostsText);
const nameOf = new Map(hosts.map((one) => [one.underlay, one.name]));
const underlayOf = new Map(hosts.map((one) => [one.name, one.underlay]));
const socket = createSocket('udp4');
const pcap = pcapPath === undefined ? undefined : new PcapFile(pcapPath);
const router = new Router(hosts, { random: () => Math.random() }, tellEvent);
let timer: NodeJS.Timeout | undefined;
let timerAt = Infinity;

if (pcap !== undefined) router.watch((bytes) => pcap.write(bytes, Date.now()));

function tell(report: RouterReport): void {
  process.send?.(report);
}

function tellEvent(event: LabEvent): void {
  // Outside the process only the time of day means something.
  tell({ tell: 'event', event: { ...event, at: Date.now() } });
}

function flush(): void {
  const now = performance.now();
  for (const { host, bytes } of router.due(now)) {
    const address = underlayOf.get(host);
    if (address === undefined) continue;
    const head = Buffer.from(HEAD);
    if ((bytes[0] ?? 0) >> 4 === 6) head.writeUInt16BE(0x86dd, 20);
    socket.send([head, bytes], PORT, address);
  }
  arm();
}

function arm(): void {
  const nextAt = router.nextAt;
  if (nextAt === undefined || nextAt >= timerAt) return;
  clearTimeout(timer);
  timerAt = nextAt;
  timer = setTimeout(
    () => {
      timerAt = Infinity;
      flush();
    },
    Math.max(0, nextAt - performance.now()),
  );
}

function obey(command: RouterCommand): void {
  if (command.do === 'border') router.setBorder(command.profile);
  else if (command.do === 'device') router.setDevice(command.host, command.settings);
  else if (command.do === 'censor') router.setCensor(command.name, command.rule, command.place);
}

function count(): Counts {
  return { traffic: router.traffic, foreign: router.foreign, lost: router.lost };
}

socket.on('message', (message, { address }) => {
  const host = nameOf.get(address);
  if (host === undefined || message.length <= HEAD_BYTES) return;
  const kind = message.readUInt16BE(20);
  if (kind === 0x0800 || kind === 0x86dd) router.take(message.subarray(HEAD_BYTES), host, performance.now());
  arm();
});
// A host that is just being made, or is gone, takes nothing: that is a lost packet.
socket.on('error', () => undefined);
process.on('message', ({ id, command }: Numbered<RouterCommand>) => {
  obey(command);
  tell({ tell: 'done', id, counts: count() });
});
process.on('disconnect', () => {
  pcap?.close();
  process.exit(0);
});
socket.bind(PORT, '0.0.0.0', () => {
  socket.setRecvBufferSize(SOCKET_BYTES);
  socket.setSendBufferSize(SOCKET_BYTES);
  tell({ tell: 'ready' });
});
