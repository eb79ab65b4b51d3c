/** A layout with people: servers, a browser for each place, and somebody abroad who waits for messages. */
import type { Lab } from '../network/lab.ts';
import { LabBrowser, type Person } from '../scenario/browser.ts';
import { Deployment } from '../scenario/deployment.ts';
import type { Layout } from '../scenario/layouts.ts';
import type { Mechanism } from '../scenario/mechanisms.ts';
import { setNames } from '../scenario/names.ts';
import { acceptSteps, countActions, firstMessageSteps, joinSteps, type Step } from '../scenario/steps.ts';

/** How long a step of the person abroad may take, and one over a slow line, which is no broken one. */
const GUEST_STEP_MS = 20_000;
const SLOW_STEP_MS = 120_000;

/** Two people who have a chat. */
export interface Chat {
  readonly from: Person;
  readonly to: Person;
  readonly seconds: number;
  readonly actions: number;
}

export class Stage {
  readonly lab: Lab;
  readonly layout: Layout;
  readonly deployment: Deployment;
  #inside: LabBrowser;
  readonly #abroad: LabBrowser;
  readonly #bob: Person;
  readonly #token: string;
  readonly #stepMs: number;
  #people = 0;

  private constructor(
    lab: Lab,
    deployment: Deployment,
    browsers: { readonly inside: LabBrowser; readonly abroad: LabBrowser },
    guests: { readonly bob: Person; readonly token: string; readonly stepMs: number },
  ) {
    this.lab = lab;
    this.layout = deployment.layout;
    this.deployment = deployment;
    this.#inside = browsers.inside;
    this.#abroad = browsers.abroad;
    this.#bob = guests.bob;
    this.#token = guests.token;
    this.#stepMs = guests.stepMs;
  }

  static async open(
    lab: Lab,
    layout: Layout,
    { folder, stepMs }: { readonly folder: string; readonly stepMs: number },
  ): Promise<Stage> {
    for (const zone of layout.translated ?? []) await lab.setCensor(`cgnat ${zone}`, { kind: 'cgnat' }, [zone]);
    await setNames(lab, layout, { zoneAbroad: false });
    const deployment = await Deployment.start(lab, layout, folder);
    const { own, friends } = layout;
    const [token, guestToken, inside, abroad] = await Promise.all([
      deployment.invite(own),
      deployment.invite(friends),
      launch(lab, 'alice', deployment),
      launch(lab, 'bob', deployment),
    ]);
    const bob = await abroad.person(GUEST_STEP_MS);
    const url = `https://${friends.serverName}/#/invite/${guestToken}`;
    await bob.follow(joinSteps({ url, name: 'Bob' }));
    return new Stage(lab, deployment, { inside, abroad }, { bob, token, stepMs });
  }

  /** Everything from an invitation to a message that somebody abroad has read, by a new person with a new profile. */
  async firstMessage(options: { readonly isSlow: boolean }): Promise<Chat> {
    this.#people += 1;
    const name = `Alice${this.#people}`;
    const text = `hello from ${name}.`;
    const person = await this.#inside.person(options.isSlow ? SLOW_STEP_MS : this.#stepMs);
    const start = performance.now();
    try {
      const steps = this.#stepsOf(name, text);
      await person.follow(steps);
      await this.#bob.follow(acceptSteps({ from: name, text }));
      const seconds = Math.round((performance.now() - start) / 100) / 10;
      return { from: person, to: this.#bob, seconds, actions: countActions(steps) };
    } catch (error) {
      await person.close();
      throw error;
    }
  }

  /** A person inside who writes to another one inside. */
  async insideChat(): Promise<Chat> {
    this.#people += 1;
    const [from, to] = [`Carol${this.#people}`, `Dave${this.#people}`];
    const url = `${this.layout.origin}/#/invite/${this.#token}`;
    const reader = await this.#inside.person(this.#stepMs);
    await reader.follow(joinSteps({ url, name: to }));
    const writer = await this.#inside.person(this.#stepMs);
    const start = performance.now();
    const text = `hello from ${from}.`;
    const id = `@${to.toLowerCase()}:${this.layout.own.serverName}`;
    const steps = [...joinSteps({ url, name: from }), ...firstMessageSteps({ to: id, text })];
    await writer.follow(steps);
    await reader.follow(acceptSteps({ from, text }));
    return { from: writer, to: reader, seconds: (performance.now() - start) / 1_000, actions: countActions(steps) };
  }

  /** Switches a mechanism on, and gives a function that switches it off. */
  async impose(mechanism: Mechanism): Promise<() => Promise<void>> {
    const rules = mechanism.rules(this.layout);
    for (const [at, { rule, place }] of rules.entries())
      await this.lab.setCensor(`${mechanism.name} ${at}`, rule, place);
    if (mechanism.border !== undefined) await this.lab.setBorder(mechanism.border);
    await setNames(this.lab, this.layout, { zoneAbroad: mechanism.zoneAbroad === true });
    // What stood before has shown its name already: everything that a mechanism can see begins anew.
    for (const { place } of rules) await this.lab.sever(place);
    await this.#renewNames();
    return async () => {
      for (const at of rules.keys()) await this.lab.setCensor(`${mechanism.name} ${at}`, undefined);
      if (mechanism.border !== undefined) await this.lab.setBorder('calm');
    };
  }

  async close(): Promise<void> {
    await Promise.all([this.#inside.close(), this.#abroad.close()]);
    await this.deployment.stop();
    for (const zone of this.layout.translated ?? []) await this.lab.setCensor(`cgnat ${zone}`, undefined);
  }

  /** Where no name server is asked, a browser knows for its whole life what it was told at its start. */
  async #renewNames(): Promise<void> {
    if (this.lab.backend === 'namespaces') return;
    await this.#inside.close();
    this.#inside = await launch(this.lab, 'alice', this.deployment);
  }

  #stepsOf(name: string, text: string): Step[] {
    const url = `${this.layout.origin}/#/invite/${this.#token}`;
    const to = `@bob:${this.layout.friends.serverName}`;
    return [...joinSteps({ url, name }), ...firstMessageSteps({ to, text })];
  }
}

function launch(lab: Lab, host: string, { layout, trustedKeys }: Deployment): Promise<LabBrowser> {
  const { origin, naming, friends } = layout;
  const names = lab.namesFor(host, [
    { name: naming.name, port: Number(new URL(origin).port || 443) },
    { name: friends.serverName, port: 443 },
  ]);
  return LabBrowser.launch(lab.host(host), { trustedKeys, ...(names !== undefined && { names }) });
}
