/** Where time comes from. Where only time that passes is measured, `performance` is one. */
export interface Clock {
  /** Milliseconds since any fixed moment, unless whoever takes the clock says since which. */
  now(): number;
}

/**
 * Reads `clock` in whole microseconds, so that sums and differences are exact, and as a time that
 * never flows backwards: a step back counts as no time having passed, and time goes on from there.
 * Waiting for the clock to catch up instead would lock users out for as long as the step.
 */
export function createMonotonicMicroseconds(clock: Clock): () => number {
  let latest = Math.floor(clock.now() * 1000);
  let offset = 0;
  return () => {
    const reading = Math.floor(clock.now() * 1000);
    if (reading + offset < latest) offset = latest - reading;
    latest = reading + offset;
    return latest;
  };
}
