/** How the program of a node is started: a systemd unit, and a file for Docker compose. */
import type { TopologyNode } from '../topology/topology.ts';
import { DATA_DIR } from './config.ts';

const CONFIG = '/etc/postern/postern.yaml';
/** Below it a port needs a permission. */
const FREE_PORT_MIN = 1024;

/** The unit `postern.service`. */
export function renderUnit(node: TopologyNode): string {
  const needsLowPort = node.listen.some((port) => port < FREE_PORT_MIN);
  const lines = [
    `# The node ${node.name}. Needs the user postern: useradd --system --home ${DATA_DIR} postern`,
    '[Unit]',
    `Description=Postern (${node.name})`,
    'Wants=network-online.target',
    'After=network-online.target',
    '',
    '[Service]',
    'User=postern',
    'StateDirectory=postern',
    'StateDirectoryMode=0700',
    `ExecStart=/usr/bin/env postern up --config ${CONFIG}`,
    ...(needsLowPort ? ['AmbientCapabilities=CAP_NET_BIND_SERVICE'] : []),
    `CapabilityBoundingSet=${needsLowPort ? 'CAP_NET_BIND_SERVICE' : ''}`,
    'Restart=on-failure',
    'RestartSec=5',
    'TimeoutStopSec=30',
    'NoNewPrivileges=yes',
    'PrivateTmp=yes',
    'PrivateDevices=yes',
    'ProtectHome=yes',
    'ProtectSystem=strict',
    '',
    '[Install]',
    'WantedBy=multi-user.target',
  ];
  return `${lines.join('\n')}\n`;
}

/** The file `compose.yaml`, beside `postern.yaml` and the folder `tls`. */
export function renderCompose(node: TopologyNode, version: string): string {
  const command = ['npx', '--yes', `postern@${version}`, 'up', '--config', CONFIG];
  const lines = [
    `# The node ${node.name}. On the host's network, so that addresses of clients stay what they are.`,
    'services:',
    '  postern:',
    '    image: node:24-slim',
    `    command: ${JSON.stringify(command)}`,
    '    network_mode: host',
    '    init: true',
    '    restart: unless-stopped',
    '    stop_grace_period: 30s',
    '    volumes:',
    `      - ./postern.yaml:${CONFIG}:ro`,
    '      - ./tls:/etc/postern/tls:ro',
    `      - postern-data:${DATA_DIR}`,
    'volumes:',
    '  postern-data: {}',
  ];
  return `${lines.join('\n')}\n`;
}
