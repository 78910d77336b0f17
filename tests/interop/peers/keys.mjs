// Keys of the peer: made here, held in this process, named by their did:key.
import * as EcdsaMultikey from '@digitalbazaar/ecdsa-multikey';
import * as Ed25519Multikey from '@digitalbazaar/ed25519-multikey';
import {didKeys} from './documents.mjs';

const held = new Map();

export async function createKey({curve}) {
  const pair = curve === 'Ed25519' ?
    await Ed25519Multikey.generate() : await EcdsaMultikey.generate({curve});
  const {publicKeyMultibase} = await pair.export({publicKey: true});
  pair.controller = `did:key:${publicKeyMultibase}`;
  pair.id = `${pair.controller}#${publicKeyMultibase}`;
  held.set(pair.controller, pair);
  return {did: pair.controller, method: pair.id, jwk: await toJwk(pair)};
}

export function keyOf(did) {
  const pair = held.get(did);
  if(!pair) {
    throw new Error(`the peer has no key of ${did}`);
  }
  return pair;
}

// What signs: {alg, kid, jwk, key} with a private WebCrypto key.
export async function signingKey(did) {
  const pair = keyOf(did);
  const jwk = await toJwk(pair, true);
  return {alg: algorithmOf(jwk), kid: pair.id, jwk: await toJwk(pair), key: await imported(jwk, 'sign')};
}

// What the verification method of a did:key verifies with: {alg, key}.
export async function verificationKey(method) {
  const {publicKeyMultibase} = await didKeys.get({url: method});
  return keyOfJwk(await toJwk(await fromMultibase(publicKeyMultibase)));
}

export async function keyOfJwk(jwk) {
  return {alg: algorithmOf(jwk), key: await imported(jwk, 'verify')};
}

// The parameters that WebCrypto signs with under a JWS algorithm.
export function webCryptoParameters(alg) {
  return alg === 'ES256' ? {name: 'ECDSA', hash: 'SHA-256'} : {name: 'Ed25519'};
}

function fromMultibase(publicKeyMultibase) {
  const library = publicKeyMultibase.startsWith('z6Mk') ? Ed25519Multikey : EcdsaMultikey;
  return library.from({type: 'Multikey', publicKeyMultibase});
}

function algorithmOf({crv}) {
  const algorithms = {Ed25519: 'EdDSA', 'P-256': 'ES256'};
  if(!(crv in algorithms)) {
    throw new Error(`the peer does not sign with ${crv}`);
  }
  return algorithms[crv];
}

async function toJwk(pair, secretKey = false) {
  if(pair.publicKeyMultibase?.startsWith('z6Mk')) {
    const {kty, crv, x, d} = await Ed25519Multikey.toJwk({keyPair: pair, secretKey});
    // a seed is 32 bytes; the library may hold it with the public key behind it
    return d ? {kty, crv, x, d: Buffer.from(d, 'base64url').subarray(0, 32).toString('base64url')} : {kty, crv, x};
  }
  const {kty, crv, x, y, d} = await EcdsaMultikey.toJwk({keyPair: pair, secretKey});
  return d ? {kty, crv, x, y, d} : {kty, crv, x, y};
}

function imported(jwk, usage) {
  const name = jwk.crv === 'Ed25519' ? {name: 'Ed25519'} : {name: 'ECDSA', namedCurve: jwk.crv};
  return crypto.subtle.importKey('jwk', jwk, name, false, [usage]);
}
