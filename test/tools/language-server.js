import languageServer from 'graphql-language-service-server';

await languageServer.startServer({ method: 'stream' });
