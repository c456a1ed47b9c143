import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { LogSink, type LogSinkOptions, type SinkClock } from '../../src/telemetry/log-sink.ts';

/** A clock whose time passes only by being told, or by being slept. */
class FrozenTime implements SinkClock {
  time = 0;
  slept = 0;
  #timers: { readonly at: number; readonly run: () => void }[] = [];

  now(): number {
    return this.time;
  }

  sleep(ms: number): void {
    this.slept += ms;
    this.time += ms;
  }

  after(delayMs: number, run: () => void): void {
    this.#timers.push({ at: this.time + delayMs, run });
  }

  advance(ms: number): void {
    const end = this.time + ms;
    for (;;) {
      const due = this.#timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#timers = this.#timers.filter((timer) => timer !== due);
      this.time = Math.max(this.time, due.at);
      due.run();
    }
    this.time = end;
  }
}

/** A reader with room for so many bytes, or that fails with a code. */
class Reader {
  text = '';
  attempts = 0;
  room = Infinity;
  failure: string | null = null;
  readonly sizes: number[] = [];

  readonly write = (bytes: Uint8Array, offset: number, length: number): number => {
    this.attempts += 1;
    const code = this.failure ?? (this.room === 0 ? 'EAGAIN' : null);
    if (code !== null) throw Object.assign(new Error(code), { code });
    const taken = Math.min(length, this.room);
    this.room -= taken;
    this.text += Buffer.from(bytes.subarray(offset, offset + taken)).toString('latin1');
    this.sizes.push(taken);
    return taken;
  };

  get lines(): string[] {
    return this.text.split('\n').slice(0, -1);
  }
}

function start(options: Partial<LogSinkOptions> = {}) {
  const clock = new FrozenTime();
  const reader = new Reader();
  const sink = new LogSink({ write: reader.write, clock, ...options });
  return { clock, reader, sink };
}

/** A sink that writes a line on what was dropped. */
function startReporting(options: Partial<LogSinkOptions> = {}) {
  const clock = new FrozenTime();
  const reader = new Reader();
  const sink: LogSink = new LogSink({
    write: reader.write,
    clock,
    onResumed: (lines) => {
      sink.write(`dropped ${lines}\n`, true);
    },
    ...options,
  });
  return { clock, reader, sink };
}

const line = (name: number | string) => `${String(name).padEnd(99, '.')}\n`;
const nameOf = (text: string) => text.replace(/\.+$/, '');

describe('lines that somebody reads', () => {
  it('are written within 50 ms, together', () => {
    const { clock, reader, sink } = start();
    sink.write('one\n', false);
    sink.write('two\n', false);
    expect(reader.attempts).toBe(0);
    clock.advance(49);
    expect(reader.text).toBe('one\ntwo\n');
    expect(reader.attempts).toBe(1);
  });

  it('are written at once where one is urgent, in order', () => {
    const { reader, sink } = start();
    sink.write('one\n', false);
    sink.write('urgent\n', true);
    expect(reader.text).toBe('one\nurgent\n');
    sink.write('urgent, too\n', true);
    expect(reader.text).toBe('one\nurgent\nurgent, too\n');
  });

  it('are not put off while many come', () => {
    const { reader, sink } = start();
    for (let i = 0; i < 1000; i += 1) sink.write(line(i), false);
    expect(reader.lines.length).toBeGreaterThan(800);
    expect(Math.max(...reader.sizes)).toBeLessThan(20_000);
  });

  it('are written in UTF-8', () => {
    const { reader, sink } = start();
    sink.write('é 世界 😀\n', true);
    expect(Buffer.from(reader.text, 'latin1').toString()).toBe('é 世界 😀\n');
  });

  it('may be longer than what is written at once', () => {
    const { reader, sink } = start();
    const long = `${'x'.repeat(300_000)}\n`;
    sink.write('before\n', false);
    sink.write(long, false);
    sink.write('after\n', true);
    expect(reader.text).toBe(`before\n${long}after\n`);
  });

  it('make no attempt where there is nothing', () => {
    const { clock, reader, sink } = start();
    sink.write('one\n', true);
    clock.advance(60_000);
    expect(sink.flush(1000)).toBe(true);
    expect(reader.attempts).toBe(1);
    expect(clock.slept).toBe(0);
  });
});

describe('a reader that is behind', () => {
  it('gets the rest of a line it took a part of, then those after it', () => {
    const { clock, reader, sink } = start();
    reader.room = 6;
    sink.write('first line\n', true);
    sink.write('second line\n', true);
    sink.write('third line\n', false);
    expect(reader.text).toBe('first ');
    reader.room = 9;
    clock.advance(100);
    expect(reader.text).toBe('first line\nseco');
    reader.room = Infinity;
    clock.advance(100);
    expect(reader.text).toBe('first line\nsecond line\nthird line\n');
    expect(sink.droppedLines).toBe(0);
  });

  it.each(['EAGAIN', 'EPIPE', 'ENOSPC', 'EIO'])(
    'is not tried for each line, nor ever more often than now and then (%s)',
    (code) => {
      const { clock, reader, sink } = start();
      reader.failure = code;
      for (let i = 0; i < 5000; i += 1) {
        sink.write(line(i), i % 2 === 0);
        clock.advance(2);
      }
      expect(reader.attempts).toBeLessThan(110);
      expect(reader.attempts).toBeGreaterThan(50);
    },
  );

  it('is not taken for one where it takes nothing without an error', () => {
    const { clock, reader, sink } = start({ write: () => ((reader.attempts += 1), 0) });
    sink.write('line\n', true);
    clock.advance(10_000);
    expect(reader.attempts).toBeLessThan(110);
    expect(sink.flush(50)).toBe(false);
  });

  it('gets what was kept when it comes back, also from a disk that was full', () => {
    const { clock, reader, sink } = start();
    reader.failure = 'ENOSPC';
    sink.write('one\n', true);
    clock.advance(60_000);
    sink.write('two\n', false);
    reader.failure = null;
    clock.advance(100);
    expect(reader.text).toBe('one\ntwo\n');
  });
});

describe('lines that nobody takes', () => {
  const maxBytes = 16_000;

  it('are kept up to the bound; those that come then are dropped and counted', () => {
    const { reader, sink } = start({ maxBytes });
    reader.room = 0;
    for (let i = 0; i < 1000; i += 1) sink.write(line(i), false);
    expect(sink.droppedLines).toBe(850);
    reader.room = Infinity;
    sink.flush(0);
    expect(reader.lines.map(nameOf)).toEqual(Array.from({ length: 150 }, (_, i) => String(i)));
  });

  it('leave room for urgent ones', () => {
    const { clock, reader, sink } = start({ maxBytes });
    reader.room = 0;
    for (let i = 0; i < 1000; i += 1) sink.write(line(i), false);
    sink.write('urgent\n', true);
    sink.write(line('not urgent'), false);
    reader.room = Infinity;
    clock.advance(100);
    expect(reader.lines.at(-1)).toBe('urgent');
    expect(sink.droppedLines).toBe(851);
  });

  it('are told of once they flow again, where they are missing', () => {
    const { clock, reader, sink } = startReporting({ maxBytes });
    reader.room = 0;
    for (let i = 0; i < 200; i += 1) sink.write(line(i), false);
    reader.room = Infinity;
    clock.advance(100);
    sink.write(line('after'), true);
    expect(reader.lines.slice(-3).map(nameOf)).toEqual(['149', 'dropped 50', 'after']);
    clock.advance(1000);
    expect(reader.text.match(/dropped/g)).toHaveLength(1);
  });

  it('are told of once a gap, not once a line, by a reader that is slow', () => {
    const { clock, reader, sink } = startReporting({ maxBytes });
    reader.room = 0;
    for (let i = 0; i < 3000; i += 1) {
      sink.write(line(i), false);
      reader.room += 20;
      clock.advance(1);
    }
    reader.room = Infinity;
    sink.flush(0);
    const reports = reader.lines.filter((text) => text.startsWith('dropped'));
    expect(reports.length).toBeLessThan(15);
    const told = reports.reduce((sum, text) => sum + Number(text.slice(8)), 0);
    expect(told).toBe(sink.droppedLines);
    expect(reader.lines.length - reports.length + told).toBe(3000);
  });

  it('are dropped alone where only they are too long', () => {
    const { clock, reader, sink } = startReporting({ maxBytes });
    sink.write(`${'x'.repeat(maxBytes)}\n`, true);
    sink.write('after\n', false);
    clock.advance(50);
    expect(reader.text).toBe('dropped 1\nafter\n');
  });
});

describe('a flush', () => {
  it('waits for a reader that is behind, and no longer than it may', () => {
    const { clock, reader, sink } = start();
    reader.room = 0;
    sink.write('line\n', true);
    expect(sink.flush(200)).toBe(false);
    expect(clock.slept).toBe(200);
    expect(reader.attempts).toBeLessThan(60);
  });

  it('ends as soon as everything is written', () => {
    const { clock, reader, sink } = start();
    reader.room = 0;
    sink.write('line\n', true);
    clock.sleep = (ms) => {
      clock.time += ms;
      reader.room += 1;
    };
    expect(sink.flush(200)).toBe(true);
    expect(reader.text).toBe('line\n');
    expect(clock.time).toBeLessThan(50);
  });

  it('does not wait twice for a reader that took nothing meanwhile', () => {
    const { clock, reader, sink } = start();
    reader.room = 0;
    sink.write('line\n', true);
    sink.flush(200);
    sink.write('another\n', true);
    expect(sink.flush(200)).toBe(false);
    expect(clock.slept).toBe(200);
    reader.room = 1;
    sink.flush(200);
    expect(clock.slept).toBe(400);
  });

  it.each(['EPIPE', 'ENOSPC'])('does not wait where waiting is in vain (%s)', (code) => {
    const { clock, reader, sink } = start();
    reader.failure = code;
    sink.write('line\n', true);
    expect(sink.flush(200)).toBe(false);
    expect(clock.slept).toBe(0);
  });

  it('writes what was not due yet', () => {
    const { reader, sink } = start();
    sink.write('line\n', false);
    expect(sink.flush(200)).toBe(true);
    expect(reader.text).toBe('line\n');
  });
});

it('neither loses, reorders nor tears a line, whatever the reader does', () => {
  const write = fc.record({ kind: fc.constant('write'), size: fc.nat(700), urgent: fc.boolean() });
  const read = fc.record({ kind: fc.constant('read'), room: fc.nat(3000) });
  const wait = fc.record({ kind: fc.constant('wait'), ms: fc.nat(150) });
  const fail = fc.record({ kind: fc.constant('fail'), code: fc.constantFrom('EPIPE', 'EAGAIN') });
  type Step =
    | { kind: 'write'; size: number; urgent: boolean }
    | { kind: 'read'; room: number }
    | { kind: 'wait'; ms: number }
    | { kind: 'fail'; code: string };
  const steps = fc.array(fc.oneof({ weight: 5, arbitrary: write }, read, wait, fail), {
    maxLength: 300,
  }) as fc.Arbitrary<Step[]>;

  fc.assert(
    fc.property(steps, (all) => {
      const { clock, reader, sink } = startReporting({ maxBytes: 4096 });
      reader.room = 0;
      let written = 0;
      for (const step of all) {
        if (step.kind === 'write') {
          sink.write(`line ${written} ${'é'.repeat(step.size)}\n`, step.urgent);
          written += 1;
        } else if (step.kind === 'read') {
          reader.failure = null;
          reader.room += step.room;
        } else if (step.kind === 'fail') {
          reader.failure = step.code;
        } else {
          clock.advance(step.ms);
        }
      }
      reader.failure = null;
      reader.room = Infinity;
      expect(sink.flush(200)).toBe(true);

      const numbers = reader.lines.flatMap((text) => {
        const found = /^line (\d+) (?:\u00c3\u00a9)*$/.exec(text)?.[1];
        if (found === undefined) expect(text).toMatch(/^dropped \d+$/);
        return found === undefined ? [] : [Number(found)];
      });
      expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
      const told = reader.lines
        .filter((text) => text.startsWith('dropped'))
        .reduce((sum, text) => sum + Number(text.slice(8)), 0);
      expect(told).toBe(sink.droppedLines);
      expect(numbers.length + told).toBe(written);
    }),
    { numRuns: 300 },
  );
});
