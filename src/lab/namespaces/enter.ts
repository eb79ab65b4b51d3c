/** The way into namespaces of our own: whatever runs in them ends with them, and nothing outside is changed. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';

/**
 * Users, network, mounts and processes of its own. The first process is the init of the rest: when it ends, the kernel
 * ends all others. Without `--propagation private` a mount would be seen outside.
 */
const WAYS: readonly (readonly string[])[] = [
  ['-Urnmpf', '--mount-proc', '--propagation', 'private', '--kill-child=SIGKILL'],
  ['-nmpf', '--mount-proc', '--propagation', 'private', '--kill-child=SIGKILL'],
];

/** What the kernel must let us do in there. */
const TRIAL =
  'mount -t tmpfs tmpfs /run && mkdir -p /run/netns && ip netns add trial && ' +
  'ip link add u-trial type veth peer name under netns trial && ' +
  'ip -n trial link set dev under up && ip addr add 192.0.2.1/30 dev u-trial && ' +
  'ip -n trial link add eth0 type vxlan id 7 remote 192.0.2.1 dstport 4789 dev under noudpcsum nolearning';

let found: { readonly way: readonly string[] } | { readonly obstacle: string } | undefined;

function findWay(): { readonly way: readonly string[] } | { readonly obstacle: string } {
  if (found !== undefined) return found;
  let obstacle = 'no Linux';
  for (const way of process.platform === 'linux' ? WAYS : []) {
    const trial = spawnSync('unshare', [...way, 'sh', '-ec', TRIAL], { encoding: 'utf8', timeout: 10_000 });
    if (trial.status === 0) return (found = { way });
    obstacle = trial.error?.message ?? (trial.stderr.trim().split('\n').at(-1) || 'unshare failed');
  }
  return (found = { obstacle });
}

/** Why namespaces cannot be used here; `undefined` where they can. */
export function namespaceObstacle(): string | undefined {
  const way = findWay();
  return 'obstacle' in way ? way.obstacle : undefined;
}

/** Set in the environment of what runs inside. */
const MARK = 'LAB_OF_POSTERN_INSIDE';

/** Whether this process runs inside. */
export function isInside(): boolean {
  return process.env[MARK] === '1';
}

/** Starts a program of Node.js inside. It must end when its channel to us closes: {@link endWithParent}. */
export function enter(
  program: string,
  options: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): ChildProcess {
  const way = findWay();
  if ('obstacle' in way) throw new Error(`namespaces cannot be used: ${way.obstacle}`);
  return spawn('unshare', [...way.way, process.execPath, ...process.execArgv, program, ...options], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, ...environment, [MARK]: '1' },
  });
}

/** Ends this process, and with it all that it started, when whoever entered is gone. */
export function endWithParent(): void {
  process.once('disconnect', () => process.exit(1));
  // The channel alone keeps no process alive that has nothing else to do.
  process.channel?.unref();
}
