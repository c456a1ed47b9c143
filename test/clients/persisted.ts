import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

import { eventually } from '../live/streams.ts';
import type { FrontEnd } from './pages/page.ts';
import { signIn, type SignedIn } from './signed-in.ts';

export interface PersistedFrontEnds {
  readonly automatic?: (signedIn: SignedIn) => FrontEnd;
  /** How the client sends a text together with its hash. @default POST */
  readonly withText?: string;
  readonly trusted: (signedIn: SignedIn) => FrontEnd;
}

const documents = fileURLToPath(
  new URL('recipes/generated/persisted-documents.json', import.meta.url),
);

/** @param file - The trusted documents. @default those of codegen */
export function describePersisted(
  name: string,
  { automatic, withText = 'POST', trusted }: PersistedFrontEnds,
  file = documents,
): void {
  describe(`${name}, with persisted documents`, () => {
    if (automatic !== undefined) {
      it('sends the hash by GET, and the text only where it is unknown', async () => {
        await using alice = await signIn();
        const page = automatic(alice);
        const methods = () =>
          Array.from(alice.gateway.logs().matchAll(/"method":"([A-Z]+)"/g), ([, method]) => method);
        expect(await page.read()).toMatchObject({ id: 'ctx_1' });
        await eventually(() => methods().length, 2);
        expect(methods()).toEqual(['GET', withText]);
        expect(await page.read()).toMatchObject({ id: 'ctx_1' });
        await eventually(() => methods().length, 3);
        expect(methods()).toEqual(['GET', withText, 'GET']);
        expect(await page.merge({ step: 2 })).toMatchObject({ context: { step: 2 } });
      });
    }

    it('runs where only trusted documents do', async () => {
      await using alice = await signIn({ TRUSTED_DOCUMENTS: file, TRUSTED_DOCUMENTS_ONLY: 'true' });
      const page = trusted(alice);
      expect(await page.read()).toMatchObject({ id: 'ctx_1', context: { step: 1 } });
      expect(await page.merge({ step: 2 })).toMatchObject({ context: { step: 2 } });
      const watched = page.watch();
      expect(await watched.next()).toMatchObject({ context: { step: 2 } });
      expect(await page.delete()).toMatchObject({ deletedId: 'ctx_1' });
      expect(await watched.next()).toMatchObject({ deletedId: 'ctx_1' });
      expect(await watched.next()).toBeNull();
    });
  });
}
