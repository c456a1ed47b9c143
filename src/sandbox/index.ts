export { SANDBOX_API_KEY } from './caller.ts';
export {
  SANDBOX_ADMIN_PERMISSION,
  SANDBOX_ISSUER,
  mintSandboxToken,
  sandboxKeySet,
  sandboxPeople,
} from './identity.ts';
export { startSandbox } from './server.ts';
