// SD-JWT VCs and token status lists: @sd-jwt, with WebCrypto underneath.
import {StatusList, createHeaderAndPayload} from '@sd-jwt/jwt-status-list';
import {SDJwtVcInstance} from '@sd-jwt/sd-jwt-vc';
import {SignJWT} from 'jose';
import {keyOfJwk, signingKey, verificationKey, webCryptoParameters} from './keys.mjs';

const hashing = {
  hasher: async (data, alg) => new Uint8Array(await crypto.subtle.digest(
    alg.toUpperCase(), typeof data === 'string' ? new TextEncoder().encode(data) : data)),
  hashAlg: 'sha-256',
  saltGenerator: length => Buffer.from(crypto.getRandomValues(new Uint8Array(length))).toString('base64url')
};

// `frame` says what can be disclosed, in the library's own terms: {_sd: [names], member: frame}.
export async function issueSdJwt({issuer, claims, frame, holderJwk}) {
  const {alg, kid, key} = await signingKey(issuer);
  const instance = new SDJwtVcInstance({...hashing, signer: signer(alg, key), signAlg: alg});
  const cnf = holderJwk ? {cnf: {jwk: holderJwk}} : {};
  return instance.issue({iss: issuer, ...cnf, ...claims}, frame, {header: {kid}});
}

// `disclose` is a frame too: {name: true, member: {name: true}}. With `nonce` comes a key binding.
export async function presentSdJwt({sdJwt, disclose, holder, audience, nonce}) {
  if(nonce === undefined) {
    return new SDJwtVcInstance(hashing).present(sdJwt, disclose);
  }
  const {alg, key} = await signingKey(holder);
  const instance = new SDJwtVcInstance({...hashing, kbSigner: signer(alg, key), kbSignAlg: alg});
  const payload = {iat: Math.floor(Date.now() / 1000), aud: audience, nonce};
  return instance.present(sdJwt, disclose, {kb: {payload}});
}

// {verified, reason, claims}. The library leaves the audience to its caller; it is compared here.
// `documents` are the status list tokens by URL.
export async function verifySdJwt({sdJwt, audience, nonce, documents = {}}) {
  const instance = new SDJwtVcInstance({
    ...hashing, verifier: verifyIssuer, kbVerifier: verifyHolder, statusListFetcher: async url => documents[url]
  });
  let result;
  try {
    result = await instance.verify(sdJwt, nonce === undefined ? {} : {keyBindingNonce: nonce});
  } catch(error) {
    return {verified: false, reason: error.message};
  }
  if(nonce !== undefined && result.kb.payload.aud !== audience) {
    return {verified: false, reason: `the audience is ${result.kb.payload.aud}, not ${audience}`};
  }
  return {verified: true, reason: '', claims: result.payload};
}

// A signed status list token of `length` entries of `bits` each, those in `statuses` (by index) not 0.
export async function createTokenStatusList({url, issuer, bits, length, statuses}) {
  const list = new StatusList(new Array(length).fill(0), bits);
  for(const [index, status] of Object.entries(statuses)) {
    list.setStatus(Number(index), status);
  }
  const {alg, kid, key} = await signingKey(issuer);
  const claims = {iss: issuer, sub: url, iat: Math.floor(Date.now() / 1000)};
  const {header, payload} = createHeaderAndPayload(list, claims, {alg, kid, typ: 'statuslist+jwt'});
  return new SignJWT(payload).setProtectedHeader(header).sign(key);
}

function signer(alg, key) {
  return async data => Buffer.from(await crypto.subtle.sign(
    webCryptoParameters(alg), key, new TextEncoder().encode(data))).toString('base64url');
}

// The issuer's key: the method `kid` of the did:key in `iss`.
async function verifyIssuer(data, signature) {
  const [{kid, alg}, {iss}] = data.split('.').map(part => JSON.parse(Buffer.from(part, 'base64url').toString()));
  const method = kid?.startsWith('#') ? iss + kid : kid;
  if(!method?.startsWith(`${iss}#`)) {
    throw new Error(`the key ${kid} is none of the issuer ${iss}`);
  }
  return check(await verificationKey(method), alg, data, signature);
}

async function verifyHolder(data, signature, {cnf}) {
  const {alg} = JSON.parse(Buffer.from(data.split('.')[0], 'base64url').toString());
  return check(await keyOfJwk(cnf.jwk), alg, data, signature);
}

async function check({alg, key}, claimed, data, signature) {
  return alg === claimed && crypto.subtle.verify(
    webCryptoParameters(alg), key, Buffer.from(signature, 'base64url'), new TextEncoder().encode(data));
}
