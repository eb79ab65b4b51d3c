/** Stars from results: computed, never written by hand. Pure. */
import type { CellResult, EaseResult, LatencyResult, Result } from '../run/results.ts';
import type { Weights } from './weights.ts';

export interface Stars {
  readonly option: string;
  /** `undefined` where nothing was measured that would tell. */
  readonly circumvention: Rating | undefined;
  readonly speed: Rating | undefined;
  readonly ease: Rating | undefined;
}

export interface Rating {
  readonly stars: 0 | 1 | 2 | 3;
  /** What they are drawn from: a share, milliseconds, effort. */
  readonly value: number;
}

/** The stars of every option that was run, in the order in which they were. */
export function starsOf(results: readonly Result[], weights: Weights): Stars[] {
  const options = [...new Set(results.flatMap((one) => ('option' in one ? [one.option] : [])))];
  return options.map((option) => {
    const own = results.filter((one) => 'option' in one && one.option === option);
    return {
      option,
      circumvention: rateCircumvention(
        own.filter((one) => one.kind === 'cell'),
        weights,
      ),
      speed: rateSpeed(
        own.filter((one) => one.kind === 'latency'),
        weights,
      ),
      ease: rateEase(
        own.filter((one) => one.kind === 'ease'),
        weights,
      ),
    };
  });
}

function rateCircumvention(cells: readonly CellResult[], weights: Weights): Rating | undefined {
  const counts = new Map(Object.entries(weights.mechanisms));
  const weightOf = (cell: CellResult): number => counts.get(cell.mechanism) ?? 0;
  const total = cells.reduce((sum, cell) => sum + weightOf(cell), 0);
  if (total === 0) return undefined;
  const survived = cells.reduce((sum, cell) => sum + (cell.survived ? weightOf(cell) : 0), 0);
  const value = survived / total;
  const [one, two, three] = weights.circumvention;
  return { value, stars: value >= three ? 3 : value >= two ? 2 : value >= one ? 1 : 0 };
}

function rateSpeed(latencies: readonly LatencyResult[], weights: Weights): Rating | undefined {
  const evening = latencies.find((one) => one.border === 'evening' && one.to === 'abroad');
  if (evening === undefined || evening.messages === evening.lost) return undefined;
  return atMost(evening.ack.p95, weights.speed);
}

function rateEase([ease]: readonly EaseResult[], weights: Weights): Rating | undefined {
  if (ease === undefined) return undefined;
  return atMost(ease.actions + ease.userSteps * weights.userStepCounts, weights.ease);
}

function atMost(value: number, [three, two, one]: readonly [number, number, number]): Rating {
  return { value, stars: value <= three ? 3 : value <= two ? 2 : value <= one ? 1 : 0 };
}
