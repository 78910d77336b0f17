// Verifying what the wallet answers: SD-JWT VCs with a key binding (RFC 9901, OpenID4VP 1.0 Appendix B.3).
//
// @sd-jwt/core checks both signatures, the disclosures, the dates, the nonce and the hash that binds them; jose does
// the cryptography. What is checked here is what only the one who asked can know.

import {SDJwtInstance} from '@sd-jwt/core';
import {compactVerify, importJWK} from 'jose';
import {base64url} from './request.js';

const ALGORITHMS = ['EdDSA', 'Ed25519', 'ES256'];
const TYPE = 'dc+sd-jwt';
const SLACK = 60; // seconds that two clocks may differ
const FRESH = 600; // seconds after which an answer is too late

// An answer that must not be relied on, with the reason.
export class Rejected extends Error {}

// The owner, or the wallet, did not answer; `code` is OpenID4VP's.
export class Refused extends Error {
  constructor(code) {
    super(code);
    this.code = code;
  }
}

// What is behind the #: {state, error, token}. Null where it is no answer at all.
export function readFragment(hash) {
  const said = new URLSearchParams(hash.replace(/^#/, ''));
  if(!said.has('vp_token') && !said.has('error')) {
    return null;
  }
  return {state: said.get('state'), error: said.get('error'), token: said.get('vp_token')};
}

// The ids of the books, the most liked first. Rejects whatever is not an answer to `request`.
export async function verifyOrder(answer, request, now = seconds()) {
  const asked = transactionOf(request);
  const {payload} = await verified(answer, request, now, keyOfReader);
  expect(payload.level === 'order', 'it is an answer to another kind of question');
  expect(payload.terms?.purpose === asked.purpose, 'it was given for another purpose');
  expect(payload.terms?.retention === asked.retention, 'it was given for another time');
  const known = new Set(asked.candidates.map(({id}) => id));
  const order = payload.order;
  expect(Array.isArray(order) && order.every(id => known.has(id)), 'it names books that are not ours');
  expect(new Set(order).size === order.length, 'it names a book twice');
  return order;
}

// Whether the claim that was asked for is true. `issuers` are the did:jwk of those whose cards count.
export async function verifyCard(answer, request, {claim, issuers}, now = seconds()) {
  const {payload} = await verified(answer, request, now, ({iss}) => {
    expect(issuers.includes(iss), 'the card is from nobody we know');
    return JSON.parse(new TextDecoder().decode(bytes(iss.replace('did:jwk:', ''))));
  });
  expect(!('status' in payload), 'the card can be revoked, and this page can not look whether it was');
  return payload[claim] === true;
}

// {payload, kb} of the one presentation in `answer`, after all that is the same for every question.
async function verified(answer, request, now, keyOf) {
  if(answer.error !== null) {
    throw new Refused(answer.error);
  }
  const [query] = request.dcql_query.credentials;
  const presented = presentation(answer.token, query.id);
  const instance = new SDJwtInstance({
    hasher,
    hashAlg: 'sha-256',
    verifier: (data, signature) => signed(data, signature, TYPE, keyOf(parts(data)[1])),
    kbVerifier: (data, signature, credential) => signed(data, signature, 'kb+jwt', credential.cnf?.jwk)
  });
  let result;
  try {
    result = await instance.verify(presented, {
      keyBindingNonce: request.nonce, currentDate: now, skewSeconds: SLACK
    });
  } catch(error) {
    throw error instanceof Rejected ? error : new Rejected(error.message);
  }
  const {payload, kb} = result;
  expect(query.meta.vct_values.includes(payload.vct), 'it is another kind of credential');
  expect(kb.payload.aud === request.client_id, 'it was made for another page');
  expect(Math.abs(now - kb.payload.iat) <= FRESH, 'it was not made just now');
  const hashes = await Promise.all(request.transaction_data.map(digest));
  expect(same(kb.payload.transaction_data_hashes, hashes), 'it answers another question');
  return result;
}

function presentation(token, id) {
  let parsed;
  try {
    parsed = JSON.parse(token);
  } catch {
    throw new Rejected('it is not JSON');
  }
  const presented = parsed?.[id];
  expect(Array.isArray(presented) && presented.length === 1 && typeof presented[0] === 'string',
    'it is not one presentation of what was asked for');
  return presented[0];
}

// True if `jwk` has signed `data`, the header and payload of a JWT of this type.
async function signed(data, signature, type, jwk) {
  const [header] = parts(data);
  expect(header.typ === type, `it is of the type ${header.typ}, not ${type}`);
  expect(ALGORITHMS.includes(header.alg), `it is signed by ${header.alg}`);
  expect(jwk, 'it says nothing about a key');
  try {
    await compactVerify(`${data}.${signature}`, await importJWK(jwk, header.alg), {algorithms: [header.alg]});
  } catch {
    throw new Rejected('its signature is wrong');
  }
  return true;
}

function parts(data) {
  return data.split('.').map(part => JSON.parse(new TextDecoder().decode(bytes(part))));
}

// The reader's wallet signs an answer by a key of its own for this page: a did:key of Ed25519.
function keyOfReader({iss, sub, cnf}) {
  const x = typeof cnf?.jwk?.x === 'string' ? cnf.jwk.x : '';
  expect(iss === sub && iss === `did:key:z${base58([0xed, 0x01, ...bytes(x)])}`, 'it is not signed by its holder');
  return {kty: 'OKP', crv: 'Ed25519', x};
}

const DIGITS = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';

function base58(data) {
  let number = data.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n), text = '';
  for(; number > 0n; number /= 58n) {
    text = DIGITS[Number(number % 58n)] + text;
  }
  return text; // a key's prefix is never 0
}

async function hasher(data, algorithm) {
  const input = typeof data === 'string' ? new TextEncoder().encode(data) : data;
  return new Uint8Array(await crypto.subtle.digest(algorithm.toUpperCase(), input));
}

async function digest(text) {
  return base64url(await hasher(text, 'sha-256'));
}

export function transactionOf(request) {
  return JSON.parse(new TextDecoder().decode(bytes(request.transaction_data[0])));
}

function bytes(text) {
  return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), character => character.charCodeAt(0));
}

function same(one, other) {
  return Array.isArray(one) && one.length === other.length && one.every((value, place) => value === other[place]);
}

function expect(holds, reason) {
  if(!holds) {
    throw new Rejected(reason);
  }
}

function seconds() {
  return Math.floor(Date.now() / 1000);
}
