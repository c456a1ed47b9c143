import { WebSocket } from 'ws';

// Node 20 has no WebSocket of its own; browsers do, and what the recipes use is what both have.
Object.assign(globalThis, { WebSocket });
