/**
 * The ES module that starts GraphiQL in the browser. It is a file and not inline, so that the page's
 * policy can refuse every inline script.
 *
 * GraphiQL keeps its tabs in localStorage, which needs three corrections when a page is opened again:
 * - localStorage belongs to the origin, so that another GraphiQL that was served from the same port
 *   would share its tabs: the keys have a prefix of this page.
 * - Headers are not stored, because they contain a token: the page provides them at each load.
 * - GraphiQL reads the initial query and variables from other keys than the tabs, and adds a tab where
 *   they differ: both are read from the active tab instead.
 */
export const bootScript = /* JavaScript */ `
const { storagePrefix, ...options } = JSON.parse(
  document.getElementById('graphiql-options').textContent,
);

globalThis.MonacoEnvironment = {
  getWorkerUrl(moduleId, label) {
    const name = label === 'graphql' || label === 'json' ? label : 'editor';
    return new URL('./' + name + '.worker.js', import.meta.url).href;
  },
};

const ownKeys = () => Object.keys(localStorage).filter((key) => key.startsWith(storagePrefix));
const storage = {
  getItem: (key) => localStorage.getItem(storagePrefix + key),
  setItem: (key, value) => localStorage.setItem(storagePrefix + key, value),
  removeItem: (key) => localStorage.removeItem(storagePrefix + key),
  clear: () => ownKeys().forEach((key) => localStorage.removeItem(key)),
  get length() {
    return ownKeys().length;
  },
};

function takeTabFromUrl() {
  const url = new URL(location.href);
  const query = url.searchParams.get('query');
  if (query === null) return undefined;
  const variables = url.searchParams.get('variables');
  // Otherwise every reload would open it again.
  history.replaceState(history.state, '', url.pathname);
  return { query, variables };
}

const linked = takeTabFromUrl();
const stored = JSON.parse(storage.getItem('graphiql:tabState'));
const defaultTabs = linked ? [linked, ...options.defaultTabs] : options.defaultTabs;
const active = linked ?? stored?.tabs[stored.activeTabIndex] ?? defaultTabs[0];

// Monaco treats an unknown scalar as a string, number or boolean, and would underline every object
// among the variables. GraphiQL has no option for that, so its call to Monaco is extended.
const customScalarSchemas = {
  JSON: { type: ['object', 'array', 'string', 'number', 'boolean'] },
  JSONObject: { type: 'object' },
};
function describeScalars() {
  const { api } = globalThis.__MONACO.languages.graphql;
  const { setSchemaConfig } = Object.getPrototypeOf(api);
  api.setSchemaConfig = (schemas) => {
    setSchemaConfig.call(
      api,
      schemas.map((schema) => ({ ...schema, customScalarSchemas })),
    );
  };
}

YogaGraphiQL.renderYogaGraphiQL(document.getElementById('root'), {
  ...options,
  storage,
  defaultTabs: defaultTabs.length > 0 ? defaultTabs : undefined,
  initialQuery: active?.query ?? undefined,
  initialVariables: active?.variables ?? '',
  shouldPersistHeaders: false,
  onSchemaChange: describeScalars,
  // Yoga's GraphiQL would keep the query in the URL, and so in the browser's history.
  onEditQuery() {},
});
`;
