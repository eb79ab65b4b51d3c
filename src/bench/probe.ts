/** CPU, memory and disk of a process on this machine, from /proc. */
import { existsSync, readdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';

export interface CpuTimes {
  /** Microseconds of the main thread, and of all other threads. */
  readonly mainUs: number;
  readonly otherUs: number;
}

/** CPU time used so far; `undefined` where the system does not tell. */
export function readCpu(pid: number): CpuTimes | undefined {
  const tasks = `/proc/${pid}/task`;
  if (!existsSync(tasks)) return undefined;
  let mainUs = 0;
  let otherUs = 0;
  for (const task of readdirSync(tasks)) {
    const file = path.join(tasks, task, 'schedstat');
    if (!existsSync(file)) continue;
    const us = Number(readFileSync(file, 'utf8').split(' ', 1)[0]) / 1_000;
    if (task === String(pid)) mainUs += us;
    else otherUs += us;
  }
  return { mainUs, otherUs };
}

/** Resident memory in bytes. */
export function readRss(pid: number): number | undefined {
  return readStatus(pid, /^VmRSS:\s+(\d+) kB$/m);
}

function readStatus(pid: number, line: RegExp): number | undefined {
  const file = `/proc/${pid}/status`;
  if (!existsSync(file)) return undefined;
  const match = line.exec(readFileSync(file, 'utf8'));
  return match === null ? undefined : Number(match[1]) * 1_024;
}

/** From now on the peak of a process's memory is counted anew; false where the system does not do that. */
export function resetPeakRss(pid: number): boolean {
  try {
    // proc(5): "5 … resets the peak resident set size to the process's current resident set size".
    writeFileSync(`/proc/${pid}/clear_refs`, '5');
    return true;
  } catch {
    return false;
  }
}

/** The peak of resident memory in bytes. */
export function readPeakRss(pid: number): number | undefined {
  return readStatus(pid, /^VmHWM:\s+(\d+) kB$/m);
}

/** Open sockets of a process. */
export function readSockets(pid: number): number | undefined {
  const folder = `/proc/${pid}/fd`;
  if (!existsSync(folder)) return undefined;
  const targets = readdirSync(folder).map((name) => {
    try {
      return readlinkSync(path.join(folder, name));
    } catch {
      // Closed while the list was read.
      return '';
    }
  });
  return targets.filter((target) => target.startsWith('socket:')).length;
}

/** Bytes of all files below a folder. */
export function readDisk(folder: string): number {
  if (!existsSync(folder)) return 0;
  return (
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      // A file may be gone again: an upload that has found its place.
      .reduce(
        (sum, entry) => sum + (statSync(path.join(entry.parentPath, entry.name), { throwIfNoEntry: false })?.size ?? 0),
        0,
      )
  );
}

const STATE_TABLES = ['state_keys', 'state_lines', 'state_log', 'current_state'];

/**
 * Bytes of the tables and indexes that hold room state; `undefined` where the data is not in SQLite. Whole pages, or
 * what of them is in use.
 */
export function readStateBytes(folder: string, what: 'pages' | 'used' = 'pages'): number | undefined {
  const file = path.join(folder, 'postern.db');
  if (!existsSync(file)) return undefined;
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    const marks = STATE_TABLES.map(() => '?').join(', ');
    const bytes = what === 'pages' ? 'd.pgsize' : 'd.pgsize - d.unused';
    const query = `SELECT sum(${bytes}) AS bytes FROM dbstat d JOIN sqlite_schema s ON s.name = d.name
      WHERE s.tbl_name IN (${marks})`;
    return Number(database.prepare(query).get(...STATE_TABLES)?.['bytes'] ?? 0);
  } finally {
    database.close();
  }
}
