/** Chromium for the journeys: one browser, a context per person, and nothing unexpected on the console. */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';

async function executable(): Promise<string> {
  const named = process.env['POSTERN_CHROMIUM'];
  if (named !== undefined) return named;
  if (existsSync('/usr/bin/chromium')) return '/usr/bin/chromium';
  const bundled = await import('@sparticuz/chromium');
  return bundled.default.executablePath();
}

/** Why the journeys cannot run here, if they cannot. */
export async function findObstacle(): Promise<string | false> {
  const file = await executable().catch(() => undefined);
  return file !== undefined && existsSync(file)
    ? false
    : 'These tests need Chromium: install it, or name its program in POSTERN_CHROMIUM.';
}

export async function launchBrowser(flags: readonly string[] = []): Promise<Browser> {
  const args = ['--no-sandbox', '--font-render-hinting=none', ...flags];
  return chromium.launch({ executablePath: await executable(), args });
}

interface AxeResult {
  readonly violations: readonly { readonly id: string; readonly nodes: readonly { readonly html: string }[] }[];
}

export interface Look {
  readonly width: number;
  readonly height: number;
  readonly locale: 'en-GB' | 'zh-CN';
  readonly colorScheme: 'light' | 'dark';
}

export const DESKTOP: Look = { width: 1280, height: 800, locale: 'en-GB', colorScheme: 'light' };
export const PHONE: Look = { width: 360, height: 740, locale: 'zh-CN', colorScheme: 'dark' };

/** One person at one device. */
export class Person {
  readonly page: Page;
  readonly context: BrowserContext;
  readonly problems: string[] = [];
  readonly #name: string;
  #step = 0;

  private constructor(name: string, context: BrowserContext, page: Page) {
    this.#name = name;
    this.context = context;
    this.page = page;
    page.on('console', (message) => {
      if (message.type() === 'error' && !isExpected(message.text())) this.problems.push(message.text());
    });
    page.on('pageerror', (error) => this.problems.push(String(error)));
  }

  static async open(browser: Browser, name: string, url: string, look: Look): Promise<Person> {
    const { width, height, locale, colorScheme } = look;
    const context = await browser.newContext({
      viewport: { width, height },
      locale,
      colorScheme,
      deviceScaleFactor: 2,
      hasTouch: width < 720,
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    const page = await context.newPage();
    page.setDefaultTimeout(20_000);
    await page.goto(url);
    return new Person(name, context, page);
  }

  /** Makes an account by an invitation, in English, and waits for the empty list. */
  static async join(browser: Browser, options: { url: string; name: string; look: Look }): Promise<Person> {
    const userName = options.name.toLowerCase();
    const person = await Person.open(browser, userName, options.url, options.look);
    const { page } = person;
    await page.getByRole('button', { name: 'Join' }).click();
    await page.getByLabel('Your name').fill(options.name);
    await page.getByLabel('Choose a password').fill('correct horse battery');
    await page.waitForFunction((wanted) => document.querySelectorAll('input')[1]?.value === wanted, userName);
    await page.getByRole('button', { name: 'Create account' }).click();
    await page.getByText('It is quiet here').waitFor();
    return person;
  }

  /** Writes a message in the open room and sends it. */
  async write(label: string, text: string): Promise<void> {
    const box = this.page.getByRole('textbox', { name: label });
    await box.fill(text);
    await box.press('Enter');
  }

  /** Judges the screen by axe; the findings, with the element that each is about. */
  async findings(): Promise<string[]> {
    const source = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
    // Colours on their way to others are no colours of ours.
    await this.page.waitForFunction(() =>
      document.getAnimations().every((one) => {
        const isEndless = one.effect?.getComputedTiming().iterations === Infinity;
        return isEndless || one.playState === 'finished' || one.playState === 'idle';
      }),
    );
    // The page's own policy forbids adding a script: the browser's debugger may.
    await this.page.evaluate(readFileSync(source, 'utf8'));
    return this.page.evaluate(async () => {
      const axe = (globalThis as unknown as { axe: { run(): Promise<AxeResult> } }).axe;
      const { violations } = await axe.run();
      return violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html.slice(0, 120)).join(' | ')}`);
    });
  }

  /** Keeps a picture of what is on screen, where the run was told to. */
  async shot(step: string): Promise<void> {
    for (const finding of await this.findings()) this.problems.push(`axe at ${step}: ${finding}`);
    const folder = process.env['POSTERN_SHOTS'];
    if (folder === undefined) return;
    mkdirSync(folder, { recursive: true });
    this.#step += 1;
    await this.page.waitForTimeout(250);
    await this.page.screenshot({ path: path.join(folder, `${this.#name}-${this.#step}-${step}.png`) });
  }
}

/** The browser itself logs each answer with an error status; those of the protocol are not faults. */
function isExpected(text: string): boolean {
  return text.startsWith('Failed to load resource: the server responded with a status of 4');
}
