import { errors } from 'jose';
import { AuthenticationError } from '../errors.ts';

const malformed = 'The session token is not a well-formed JSON Web Token.';

const messages: Readonly<Record<string, string>> = {
  ERR_JOSE_ALG_NOT_ALLOWED:
    'The session token is signed with an algorithm that is not accepted: ES256, RS256 and EdDSA are.',
  ERR_JWKS_NO_MATCHING_KEY:
    'The session token is signed with a key that its issuer does not publish.',
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: 'The signature of the session token is not valid.',
  ERR_JWT_EXPIRED: 'The session token has expired: get a new one from its issuer.',
};

const failedClaimMessages: Readonly<Record<string, string>> = {
  aud: 'The session token is meant for another audience.',
  iss: 'The session token comes from another issuer than the one trusted here.',
  nbf: 'The session token is not valid yet: its "nbf" claim is in the future.',
};

/**
 * What a caller is told of a token that jose refused. The sentence names the check, never what
 * would have passed it, and the cause is left out: it holds the token's claims.
 */
export function toAuthenticationError(refusal: errors.JOSEError): AuthenticationError {
  return new AuthenticationError(
    refusal instanceof errors.JWTClaimValidationFailed
      ? claimMessage(refusal)
      : (messages[refusal.code] ?? malformed),
  );
}

function claimMessage({ claim, reason }: errors.JWTClaimValidationFailed): string {
  const failed = reason === 'check_failed' ? failedClaimMessages[claim] : undefined;
  return failed ?? `The session token's "${claim}" claim is missing or of the wrong type.`;
}
