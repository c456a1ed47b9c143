export { SANDBOX_API_KEY } from './caller.ts';
export {
  SANDBOX_ADMIN_NAME,
  SANDBOX_ISSUER,
  SANDBOX_KEY_ID,
  mintSandboxToken,
  sandboxKeySet,
} from './identity.ts';
export { startSandbox, type Sandbox, type SandboxOptions } from './server.ts';
