import { transformAsync } from '@babel/core';
import type { Plugin } from 'vite';

/** Replaces graphql tags by what relay-compiler has made of them. */
export function relay(): Plugin {
  return {
    name: 'relay',
    enforce: 'pre',
    transform: {
      filter: { id: /\.[jt]sx?$/, code: /\bgraphql`/ },
      async handler(code, filename) {
        const parserOpts = { plugins: ['typescript' as const, 'jsx' as const] };
        const plugins = [['relay', { eagerEsModules: true }]];
        const options = {
          configFile: false,
          babelrc: false,
          parserOpts,
          plugins,
          sourceMaps: true,
        };
        const output = await transformAsync(code, { filename, ...options });
        return output?.code ? { code: output.code, map: output.map } : null;
      },
    },
  };
}
