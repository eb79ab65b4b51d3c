/** The process inside the namespaces that measures the lab itself. */
import { endWithParent } from '../namespaces/enter.ts';
import { NamespaceLab } from '../namespaces/namespace-lab.ts';
import { HOSTS } from '../network/topology.ts';
import { crossCheck } from './cross-check.ts';

const FOR_MS = 2_000;

endWithParent();
const lab = await NamespaceLab.open({ hosts: HOSTS });
process.send?.(await crossCheck(lab, { forMs: FOR_MS }));
await lab.close();
process.exit(0);
