// OpenID4VP: @openid4vc/openid4vp makes and reads requests and answers, with jose underneath.
// Nothing is fetched here: what is behind a URL comes as `documents`.
import {createHash, X509Certificate} from 'node:crypto';
import {Openid4vpClient, Openid4vpVerifier} from '@openid4vc/openid4vp';
import {CompactEncrypt, SignJWT, compactDecrypt, compactVerify, importJWK} from 'jose';

// A signed request by reference: {link, jwt}. `key` is the private JWK of the leaf in `x5c`.
export async function createRequest({payload, requestUri, key, x5c}) {
  const verifier = new Openid4vpVerifier({callbacks: callbacks({signingKey: key})});
  const made = await verifier.createOpenId4vpAuthorizationRequest({
    scheme: 'openid4vp://',
    authorizationRequestPayload: payload,
    jar: {requestUri, jwtSigner: {method: 'x5c', alg: 'ES256', x5c}, expiresInSeconds: 300},
    wallet: {expectedNonce: payload.wallet_nonce}
  });
  return {link: made.authorizationRequest, jwt: made.jar.authorizationRequestJwt};
}

// What an answer has, {vpToken, encrypted}, or {refused}. `form` is what was posted, `key` the private JWK.
export async function readAnswer({payload, form, key}) {
  const needed = callbacks({decryptionKey: key});
  const verifier = new Openid4vpVerifier({callbacks: needed});
  try {
    const read = await verifier.parseOpenid4vpAuthorizationResponse({
      authorizationResponse: form, authorizationRequestPayload: payload, callbacks: needed
    });
    return {
      vpToken: read.dcql.presentations, state: read.authorizationResponsePayload.state ?? null,
      encrypted: read.jarm?.type ?? ''
    };
  } catch(error) {
    return {refused: error.message};
  }
}

// What a link asks: {payload, client}, or {refused}. Its signature is verified with the leaf of x5c.
export async function resolveRequest({link, documents = {}}) {
  const client = new Openid4vpClient({callbacks: callbacks({documents})});
  try {
    const {params} = client.parseOpenid4vpAuthorizationRequest({authorizationRequest: link});
    const {authorizationRequestPayload, client: asks} =
      await client.resolveOpenId4vpAuthorizationRequest({authorizationRequestPayload: params});
    return {payload: authorizationRequestPayload, prefix: asks.prefix, clientId: asks.effective};
  } catch(error) {
    return {refused: error.message};
  }
}

// The form that answers a request with `vpToken`, encrypted where the request says so.
export async function answerRequest({payload, vpToken}) {
  const client = new Openid4vpClient({callbacks: callbacks({})});
  const {jarm, authorizationResponsePayload} = await client.createOpenid4vpAuthorizationResponse({
    authorizationRequestPayload: payload,
    authorizationResponsePayload: {vp_token: vpToken},
    jarm: {
      encryption: {nonce: Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('base64url')},
      serverMetadata: {
        authorization_signing_alg_values_supported: ['ES256'],
        authorization_encryption_alg_values_supported: ['ECDH-ES'],
        authorization_encryption_enc_values_supported: ['A128GCM', 'A256GCM']
      }
    }
  });
  return jarm ? {response: jarm.responseJwt} : authorizationResponsePayload;
}

function callbacks({signingKey, decryptionKey, documents = {}}) {
  return {
    hash: (data, alg) => createHash(alg.replace('-', '')).update(data).digest(),
    signJwt: async (signer, {header, payload}) => ({
      jwt: await new SignJWT(payload).setProtectedHeader(header).sign(await importJWK(signingKey, header.alg)),
      signerJwk: signingKey
    }),
    verifyJwt: async ({x5c}, {header, compact}) => {
      const {publicKey} = new X509Certificate(Buffer.from(x5c[0], 'base64'));
      try {
        await compactVerify(compact, publicKey, {algorithms: [header.alg]});
        return {verified: true, signerJwk: publicKey.export({format: 'jwk'})};
      } catch{
        return {verified: false};
      }
    },
    decryptJwe: async jwe => {
      try {
        const {plaintext} = await compactDecrypt(jwe, await importJWK(decryptionKey, 'ECDH-ES'));
        return {decrypted: true, decryptionJwk: decryptionKey, payload: new TextDecoder().decode(plaintext)};
      } catch{
        return {decrypted: false};
      }
    },
    encryptJwe: async ({publicJwk, alg, enc}, data) => ({
      jwe: await new CompactEncrypt(new TextEncoder().encode(data))
        .setProtectedHeader({alg, enc, kid: publicJwk.kid})
        .encrypt(await importJWK(publicJwk, alg)),
      encryptionJwk: publicJwk
    }),
    getX509CertificateMetadata: certificate => {
      const names = (new X509Certificate(Buffer.from(certificate, 'base64')).subjectAltName ?? '').split(', ');
      const having = label => names.filter(name => name.startsWith(label)).map(name => name.slice(label.length));
      return {sanDnsNames: having('DNS:'), sanUriNames: having('URI:')};
    },
    fetch: async url => Object.hasOwn(documents, String(url)) ?
      new Response(documents[url], {headers: {'content-type': 'application/oauth-authz-req+jwt'}}) :
      new Response('', {status: 404})
  };
}
