import { expect, it } from 'vitest';
import { foreignAnswer } from './answers.ts';

it.each([
  [200, 'text/html; charset=utf-8', 'that is a web page, not the API of a Prometheus'],
  [200, 'application/octet-stream', 'that is not JSON'],
  [302, undefined, 'it leads elsewhere, as a sign-in in front of it does'],
  [401, undefined, 'it asks for credentials, or refuses those that were given'],
  [403, undefined, 'it asks for credentials, or refuses those that were given'],
  [404, 'text/plain', 'no Prometheus API is at this address'],
  [502, 'text/html', 'the server, or what is in front of it, fails'],
])('FIELD-47: what answers %i (%s) instead of a Prometheus is named', (statusCode, type, words) => {
  const failure = foreignAnswer('http://p:9090', { statusCode, headers: { 'content-type': type } });
  expect(failure).toEqual({ code: 'NONSENSE', message: `http://p:9090 answered ${statusCode}: ${words}` });
});
