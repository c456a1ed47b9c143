// Ends with 0 where the gateway of this container is alive.
const port = process.env.PORT?.trim() || '4000';
const { ok } = await fetch(`http://127.0.0.1:${port}/health`);
process.exitCode = ok ? 0 : 1;
