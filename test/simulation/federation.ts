/** Rooms of several simulated servers, and what must hold of them (SECURITY §7.3). */
import assert from 'node:assert/strict';
import type { EventId } from '../../src/matrix/ids.ts';
import type { User } from '../harness/index.ts';
import type { Node } from './node.ts';

/** Servers with one user each. */
export class Federation {
  readonly nodes: readonly Node[];
  readonly users: readonly User[];

  private constructor(nodes: readonly Node[], users: readonly User[]) {
    this.nodes = nodes;
    this.users = users;
  }

  static async of(nodes: readonly Node[]): Promise<Federation> {
    const users: User[] = [];
    for (const node of nodes) users.push(await node.register('user'));
    return new Federation(nodes, users);
  }

  node(index: number): Node {
    const node = this.nodes[index];
    assert.ok(node !== undefined);
    return node;
  }

  user(index: number): User {
    const user = this.users[index];
    assert.ok(user !== undefined);
    return user;
  }

  /** A room of all servers, made on the first. */
  async sharedRoom(version: string): Promise<string> {
    const room = await this.user(0).createRoom({ preset: 'public_chat', room_version: version });
    for (let index = 1; index < this.nodes.length; index += 1) {
      const joinId = await this.node(index).join(room, this.user(index).id, this.node(0));
      const text = await this.node(0).textsOf([joinId]);
      for (const other of this.nodes.slice(1, index)) await other.receive(room, text, this.node(0));
    }
    return room;
  }

  /** Everything that a server has is brought to another, in the order in which the walk finds it. */
  async bring(room: string, from: Node, to: Node): Promise<void> {
    const [have, want] = [await to.placed(room), await from.placed(room)];
    const ids = [...want.keys()].filter((id) => !have.has(id));
    await to.receive(room, await from.textsOf(ids), from);
  }

  async exchange(room: string, nodes: readonly Node[] = this.nodes): Promise<void> {
    for (let round = 0; round < 2; round += 1) {
      for (const from of nodes) for (const to of nodes) if (from !== to) await this.bring(room, from, to);
    }
  }

  /** P1 and P2: the state after each event is the same everywhere, and so is that of the same extremities. */
  async assertAgreement(room: string): Promise<void> {
    const states = new Map<EventId, string>();
    const ends = new Map<string, string>();
    for (const node of this.nodes) {
      for (const [id, event] of await node.placed(room)) {
        if (event.stateBefore === undefined || event.status === 'outlier') continue;
        const text = await node.stateAfter(event);
        assert.equal(text, states.get(id) ?? text, `the state after ${id} is the same on every server`);
        states.set(id, text);
      }
      const key = (await node.extremities(room)).join();
      const text = await node.currentState(room);
      assert.equal(text, ends.get(key) ?? text, 'the same extremities mean the same state');
      ends.set(key, text);
    }
  }
}
