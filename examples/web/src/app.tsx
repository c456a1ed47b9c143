import { useState } from 'react';

import { RunList } from './run-list.tsx';
import { RunView } from './run-view.tsx';

/** The run that the example's agent works on. */
const firstRun = 'ctx_123';

export function App() {
  const [id, setId] = useState(firstRun);
  return (
    <div className="app">
      <header className="masthead">
        <Mark />
        <h1>Agent runs</h1>
      </header>
      <RunList selected={id} onSelect={setId} />
      <main>
        {/* With the next run everything begins anew. */}
        <RunView key={id} id={id} />
      </main>
    </div>
  );
}

function Mark() {
  return (
    <svg className="mark" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="9" />
      <path d="M7 17h5l3-8 4 14 3-6h3" />
    </svg>
  );
}
