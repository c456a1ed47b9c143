import type { Context } from 'hono';
import { HTTPException } from 'hono/http-exception';
import type { ContentfulStatusCode } from 'hono/utils/http-status';

/** Returns an error to throw, with the status and the message of the response. */
export function failure(status: ContentfulStatusCode, message: string): HTTPException {
  return new HTTPException(status, { message });
}

/** Converts an error to a response of the API; any other error than a {@link failure} gets status 500. */
export function answerFailure(error: Error, c: Context): Response {
  const { status, message } =
    error instanceof HTTPException ? error : failure(500, 'internal server error');
  return c.json({ errors: [{ message, code: status }] }, status);
}
