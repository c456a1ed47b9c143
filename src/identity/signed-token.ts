import { decodeProtectedHeader, errors, jwtVerify } from 'jose';
import type { JWTPayload, JWTVerifyOptions } from 'jose';
import type { KeySet, WantedKey } from './key-set.ts';
import { verificationAlgorithms } from './verification-key.ts';
import type { VerificationAlgorithm } from './verification-key.ts';

// Only a set with repeated `kid`s, or a token without one, has several keys to try.
const maxKeysTried = 10;

/**
 * Verifies a token's signature with the issuer's keys, then its registered claims.
 *
 * @throws {errors.JOSEError} when the token is refused.
 * @throws {UpstreamError} when the issuer's keys cannot be had.
 */
export async function verifySignedToken(
  token: string,
  keySet: KeySet,
  options: JWTVerifyOptions,
): Promise<JWTPayload> {
  const candidates = await keySet.find(readHeader(token));
  if (candidates.length === 0) throw new errors.JWKSNoMatchingKey();
  for (const { key, algorithm } of candidates.slice(0, maxKeysTried)) {
    try {
      const { payload } = await jwtVerify(token, key, { ...options, algorithms: [algorithm] });
      return payload;
    } catch (error) {
      if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error;
    }
  }
  throw new errors.JWSSignatureVerificationFailed();
}

/** The header is not verified yet: it only picks, of the issuer's keys, the one to verify with. */
function readHeader(token: string): WantedKey {
  const { alg, kid } = decodeHeader(token) as { alg?: unknown; kid?: unknown };
  if (!isVerificationAlgorithm(alg)) throw new errors.JOSEAlgNotAllowed();
  if (kid !== undefined && typeof kid !== 'string') throw new errors.JWTInvalid();
  return { algorithm: alg, kid };
}

function decodeHeader(token: string): object {
  if (token.split('.').length !== 3) throw new errors.JWTInvalid();
  try {
    return decodeProtectedHeader(token);
  } catch (cause) {
    throw new errors.JWTInvalid(undefined, { cause });
  }
}

function isVerificationAlgorithm(alg: unknown): alg is VerificationAlgorithm {
  return verificationAlgorithms.some((accepted) => accepted === alg);
}
