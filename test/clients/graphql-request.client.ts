import { describeCalls, describeStreams } from './front-end.ts';
import { graphqlRequestPage } from './pages/graphql-request.ts';
import { overEventStreams, overWebSocket } from './recipes/live.ts';

describeCalls('graphql-request', ({ url, session }) =>
  graphqlRequestPage(url, session, overWebSocket(url, session)),
);

describeStreams('graphql-request, and graphql-ws', ({ url, session }) =>
  graphqlRequestPage(url, session, overWebSocket(url, session)),
);

describeStreams('graphql-request, and graphql-sse', ({ url, session }) =>
  graphqlRequestPage(url, session, overEventStreams(url, session)),
);
