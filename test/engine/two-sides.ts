import { deepStrictEqual } from 'node:assert';
import type { GeneratorValue } from 'fast-check';

import { createClock } from '../support/clock.ts';
import { drawOperation } from './fuzz-operations.ts';
import { createSide, type Observation, type SideOptions } from './listening-side.ts';
import type { RawRequest } from './raw-http.ts';

/** Two gateways in one state, of which only the first makes plans. */
export class TwoSides {
  readonly #clock = createClock();
  readonly #planned;
  readonly #yogas;
  #runs = 0;
  #sent = 0;
  #learning = 0;

  constructor(options: Pick<SideOptions, 'limits'> = {}) {
    this.#planned = createSide({ ...options, forced: false, clock: this.#clock });
    this.#yogas = createSide({ ...options, forced: true, clock: this.#clock });
  }

  /** How many requests were compared, those by which documents were learned left out. */
  get sent(): number {
    return this.#sent;
  }

  /** The part of them that took a plan. */
  get plannedShare(): number {
    return (this.#planned.planned - this.#learning) / this.#sent;
  }

  /** Sends a made up operation both ways, several times. @throws Error where a difference shows. */
  async compare(generator: GeneratorValue): Promise<void> {
    this.#runs += 1;
    const { first, again } = drawOperation(generator, this.#runs);
    this.#planned.api.reset();
    this.#yogas.api.reset();
    // Most requests come within one window of a limit, some in the next.
    this.#clock.advance(this.#runs % 7 === 0 ? 300 : 1);
    const before = this.#planned.planned;
    await this.#compare(first);
    this.#learning += this.#planned.planned - before;
    for (const request of again) {
      this.#sent += 1;
      await this.#compare(request);
    }
  }

  async #compare(request: RawRequest): Promise<void> {
    const planned = await this.#planned.send(request);
    const yogas = await this.#yogas.send(request);
    const isChance = errorsAlone(planned).length > 1 || errorsAlone(yogas).length > 1;
    try {
      if (isChance) deepStrictEqual(withoutChance(planned), withoutChance(yogas));
      else deepStrictEqual(planned, yogas);
    } catch (cause) {
      const { headers, body } = request;
      const asked = `${JSON.stringify(headers)}\n${String(body)}`;
      throw new Error(`${(cause as Error).message}\nof a request with ${asked}`, { cause });
    }
  }
}

/** The errors of a response that has no data for them; none of any other. */
function errorsAlone({ response }: Observation): readonly unknown[] {
  if (response?.body.startsWith('{"data":null,"errors":') !== true) return [];
  return (JSON.parse(response.body) as { errors: unknown[] }).errors;
}

/**
 * Of several errors in one query the first in a field that must not be null ends it, and leaves no
 * data. Which of the others were met by then is a matter of microtasks: they are left out.
 */
function withoutChance(observation: Observation): object {
  const { response, upstream, lines } = observation;
  const headers = response?.headers.filter(([name]) => name !== 'content-length');
  return { headers, error: errorsAlone(observation).at(-1), upstream, lines };
}
