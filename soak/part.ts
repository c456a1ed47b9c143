/** One long run that does not belong in a test. */
export interface SoakPart {
  readonly name: string;
  /** What it shows, in a sentence. */
  readonly description: string;
  /** Runs it to its end. Throws where it could not be run at all. */
  run(): Promise<SoakReport>;
}

export interface SoakReport {
  /** What was seen, a line each. */
  readonly summary: readonly string[];
  /** What broke a promise, a line each; none where all were kept. */
  readonly violations: readonly string[];
}
