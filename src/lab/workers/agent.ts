/** The process that asks from a host, started when it is asked for the first time. */
import type { ChildProcess } from 'node:child_process';
import { siblingUrl } from '../../lib/sibling-url.ts';
import type { AgentAnswer, AgentCommand, AgentReport } from '../network/messages.ts';
import { Calls, firstMessage, LabError } from './calls.ts';

/** The file of a process of the lab. */
export function workerFile(name: 'agent-worker' | 'name-server-worker' | 'router-worker'): URL {
  return siblingUrl(import.meta.url, name);
}

export class Agent {
  readonly #start: () => ChildProcess;
  #calls: Promise<Calls<AgentCommand, AgentAnswer>> | undefined;

  constructor(start: () => ChildProcess) {
    this.#start = start;
  }

  /** Asks, and takes only an answer of the kind that belongs to the question. */
  async ask<T extends AgentAnswer>(command: AgentCommand, isKind: (answer: AgentAnswer) => answer is T): Promise<T> {
    this.#calls ??= this.#open();
    const answer = await (await this.#calls).ask(command);
    if (!isKind(answer)) throw new LabError('the agent of a host answered something else');
    return answer;
  }

  async #open(): Promise<Calls<AgentCommand, AgentAnswer>> {
    const child = this.#start();
    const calls = new Calls<AgentCommand, AgentAnswer>(child);
    await firstMessage(child, 'the agent of a host');
    child.on('message', (report: AgentReport) => {
      if (report.tell === 'answer') calls.answer(report.id, report.answer);
      if (report.tell === 'failed') calls.fail(report.id, new LabError(report.message, report.code));
    });
    return calls;
  }
}
