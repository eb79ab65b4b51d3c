/**
 * What the lab uses of the package that drives browsers. It is no part of an installation: it is loaded by its name when a
 * browser is wanted, and its own types are about pages, which nothing else here is.
 */
import { existsSync } from 'node:fs';
import { LabError } from '../workers/calls.ts';

export interface Locator {
  first(): Locator;
  last(): Locator;
  locator(selector: string): Locator;
  click(): Promise<void>;
  fill(text: string): Promise<void>;
  press(key: string): Promise<void>;
  waitFor(options?: { readonly timeout?: number }): Promise<void>;
  count(): Promise<number>;
  allTextContents(): Promise<string[]>;
}

export interface Page {
  setDefaultTimeout(ms: number): void;
  goto(url: string, options: { readonly waitUntil: 'commit' }): Promise<unknown>;
  getByRole(role: string, options?: { readonly name?: string; readonly exact?: boolean }): Locator;
  getByLabel(label: string): Locator;
  getByText(text: string): Locator;
  locator(selector: string, options?: { readonly hasText?: string }): Locator;
  /** Runs a text of JavaScript in the page. */
  evaluate(expression: string): Promise<unknown>;
  screenshot(options: { readonly path: string; readonly fullPage?: boolean }): Promise<unknown>;
}

export interface Context {
  newPage(): Promise<Page>;
  close(): Promise<void>;
}

export interface Browser {
  newContext(options: {
    readonly viewport: { readonly width: number; readonly height: number };
    readonly locale: string;
  }): Promise<Context>;
  close(): Promise<void>;
}

export interface Driver {
  readonly chromium: {
    launch(options: { readonly executablePath: string; readonly args: readonly string[] }): Promise<Browser>;
  };
}

const PACKAGE = 'playwright-core';
const PROGRAMS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** The program of Chromium; `undefined` where there is none. */
export function findChromium(): string | undefined {
  return process.env['POSTERN_CHROMIUM'] ?? PROGRAMS.find((one) => existsSync(one));
}

/** Loads the driver, or says how to get it. */
export async function loadDriver(): Promise<Driver> {
  try {
    return await import(PACKAGE);
  } catch {
    throw new LabError(`${PACKAGE} is not installed here: npm install ${PACKAGE}`);
  }
}

/** Why no browser can be driven here; `undefined` where one can. */
export async function browserObstacle(): Promise<string | undefined> {
  if (findChromium() === undefined) return 'no Chromium: install it, or name its program in POSTERN_CHROMIUM';
  return loadDriver().then(
    () => undefined,
    (error: unknown) => String(error),
  );
}
