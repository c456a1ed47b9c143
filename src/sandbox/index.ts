export { sandboxApiKey } from './caller.ts';
export {
  sandboxAdminPermission,
  sandboxIssuer,
  mintSandboxToken,
  sandboxKeySet,
  sandboxPeople,
} from './identity.ts';
export { startSandbox } from './server.ts';
