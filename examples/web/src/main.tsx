import { ApolloProvider } from '@apollo/client/react';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';

import { App } from './app.tsx';
import { createGatewayClient } from './client.ts';
import { loadSettings } from './settings.ts';
import './styles.css';

const root = document.querySelector('#root');
if (root === null) throw new Error('The page has no #root.');

const client = createGatewayClient(await loadSettings());
createRoot(root).render(
  <StrictMode>
    <ApolloProvider client={client}>
      <App />
    </ApolloProvider>
  </StrictMode>,
);
