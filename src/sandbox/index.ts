export { SANDBOX_API_KEY } from './caller.ts';
export { SANDBOX_ISSUER, mintSandboxToken, sandboxKeySet } from './identity.ts';
export { startSandbox } from './server.ts';
