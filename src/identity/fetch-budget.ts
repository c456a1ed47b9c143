export interface FetchBudgetOptions {
  /** Fetches the budget holds. */
  readonly max: number;
  /** Length in milliseconds of the sliding window they are counted in. */
  readonly windowMs: number;
  /** The time in milliseconds. */
  readonly clock: () => number;
}

/** How often something may be fetched, whoever asks for it. */
export interface FetchBudget {
  /** Charges one fetch, or answers false when none is left. */
  take: () => boolean;
  /** Gives back the charge taken last. */
  refund: () => void;
}

export function createFetchBudget({ max, windowMs, clock }: FetchBudgetOptions): FetchBudget {
  let charges: number[] = [];
  return {
    take() {
      const now = clock();
      // A charge from the future means that the clock was set back: keeping it could lock fetching for hours.
      charges = charges.filter((at) => at <= now && now - at < windowMs);
      if (charges.length >= max) return false;
      charges.push(now);
      return true;
    },
    refund() {
      charges.pop();
    },
  };
}
