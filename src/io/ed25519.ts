import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { fail, ok, type Result } from '../kit/result.ts';

/** A key that checks signatures. */
export interface CheckingKey {
  /** The first 16 hexadecimal digits of the SHA-256 of the public key (SPKI, DER). */
  readonly id: string;
  /** Whether a signature, in base64, is this key's and of this text. */
  signed(text: string, signature: string): boolean;
}

/** A key that makes them. */
export interface SigningKey {
  readonly id: string;
  /** In base64. */
  sign(text: string): string;
}

const idOf = (publicKey: KeyObject): string =>
  createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex')
    .slice(0, 16);

function readKey(pem: string, read: (pem: string) => KeyObject, kind: string): Result<KeyObject, string> {
  try {
    const key = read(pem);
    return key.asymmetricKeyType === 'ed25519'
      ? ok(key)
      : fail(`it is a key of kind ${key.asymmetricKeyType}, and must be an Ed25519 ${kind} key`);
  } catch {
    // What a library says of a key may quote it.
    return fail(`it is not an Ed25519 ${kind} key in PEM`);
  }
}

/** PEM (PKCS #8), as `openssl genpkey -algorithm ed25519` writes it. */
export function signingKey(pem: string): Result<SigningKey, string> {
  const key = readKey(pem, createPrivateKey, 'private');
  if (!key.ok) return key;
  const id = idOf(createPublicKey(key.value));
  return ok({ id, sign: (text) => sign(null, Buffer.from(text), key.value).toString('base64') });
}

/** PEM (SPKI). A private key is refused: whoever verifies needs none. */
export function checkingKey(pem: string): Result<CheckingKey, string> {
  if (/PRIVATE KEY/.test(pem)) return fail('it is a private key: give the public one');
  const key = readKey(pem, createPublicKey, 'public');
  if (!key.ok) return key;
  const signed: CheckingKey['signed'] = (text, signature) =>
    verify(null, Buffer.from(text), key.value, Buffer.from(signature, 'base64'));
  return ok({ id: idOf(key.value), signed });
}
