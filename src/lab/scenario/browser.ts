/** Chromium on a host of the lab, driven by steps. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { LabHost } from '../network/lab.ts';
import { LabError } from '../workers/calls.ts';
import { type Browser, type Context, findChromium, loadDriver, type Page } from './driver.ts';
import type { Step } from './steps.ts';

export interface BrowserOptions {
  /** Hashes of the keys of the lab's own certificates, as base64. */
  readonly trustedKeys: readonly string[];
  /** Names with addresses, where the host has no files of its own for them. */
  readonly names?: ReadonlyMap<string, string>;
}

/** A browser that runs on a host. */
export class LabBrowser {
  readonly #browser: Browser;
  readonly #folder: string;

  private constructor(browser: Browser, folder: string) {
    this.#browser = browser;
    this.#folder = folder;
  }

  static async launch(host: LabHost, { trustedKeys, names }: BrowserOptions): Promise<LabBrowser> {
    const program = findChromium();
    if (program === undefined) throw new LabError('no Chromium');
    const { chromium } = await loadDriver();
    const folder = mkdtempSync(path.join(tmpdir(), 'postern-lab-browser-'));
    // The driver starts one program: this one starts the browser where it belongs.
    const entry = host.command(program);
    const wrapper = path.join(folder, 'chromium');
    writeFileSync(wrapper, `#!/bin/sh\nexec ${[entry.program, ...entry.arguments].map(quote).join(' ')} "$@"\n`);
    chmodSync(wrapper, 0o700);
    const rules = [...(names ?? [])].map(([name, address]) => `MAP ${name} ${address}`).join(', ');
    const browser = await chromium.launch({
      executablePath: wrapper,
      args: [
        '--no-sandbox',
        '--disable-dev-shm-usage',
        `--ignore-certificate-errors-spki-list=${trustedKeys.join(',')}`,
        ...(rules === '' ? [] : [`--host-resolver-rules=${rules}`]),
      ],
    });
    return new LabBrowser(browser, folder);
  }

  /** A person with a fresh profile. */
  async person(timeoutMs: number): Promise<Person> {
    const context = await this.#browser.newContext({ viewport: { width: 1_000, height: 700 }, locale: 'en-GB' });
    const page = await context.newPage();
    page.setDefaultTimeout(timeoutMs);
    return new Person(context, page);
  }

  async close(): Promise<void> {
    await this.#browser.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** One person at one device. */
export class Person {
  readonly page: Page;
  readonly #context: Context;

  constructor(context: Context, page: Page) {
    this.#context = context;
    this.page = page;
  }

  /** Does the steps in order; rejects at the first that cannot be done in time, naming it. */
  async follow(steps: readonly Step[]): Promise<void> {
    for (const step of steps) {
      try {
        await this.#do(step);
      } catch (error) {
        throw new LabError(`${describe(step)}: ${reasonOf(error)}`);
      }
    }
  }

  close(): Promise<void> {
    return this.#context.close();
  }

  async #do(step: Step): Promise<void> {
    const { page } = this;
    switch (step.do) {
      case 'open':
        await page.goto(step.url, { waitUntil: 'commit' });
        return;
      case 'click':
        await page
          .getByRole(step.role, { name: step.name, exact: step.exact ?? false })
          .first()
          .click();
        return;
      case 'click-text':
        await page.locator(step.within, { hasText: step.text }).first().click();
        return;
      case 'type':
        await page.getByLabel(step.label).fill(step.text);
        return;
      case 'search':
        await page.getByRole('searchbox').last().fill(step.text);
        return;
      case 'write': {
        const box = page.getByRole('textbox', { name: step.label });
        await box.fill(step.text);
        await box.press('Enter');
        return;
      }
      default:
        await this.#see(step);
    }
  }

  async #see(step: Extract<Step, { do: 'see' | 'see-button' | 'see-bubble' | 'see-sent' }>): Promise<void> {
    const { page } = this;
    if (step.do === 'see') await page.getByText(step.text).first().waitFor();
    else if (step.do === 'see-button') await page.getByRole('button', { name: step.name }).waitFor();
    else {
      const bubble = page.locator('.bubble', { hasText: step.text }).first();
      await bubble.waitFor();
      if (step.do === 'see-sent') await bubble.locator('[aria-label=Sent], [aria-label=Read]').waitFor();
    }
  }
}

function describe(step: Step): string {
  return Object.values(step).join(' ');
}

/** The first line says what it is; what follows is the driver's own story. */
function reasonOf(error: unknown): string {
  const [first = ''] = String(error).split('\n');
  return first.replace(/^\w*Error: /, '').slice(0, 160);
}
