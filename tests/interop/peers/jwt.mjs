// Credentials and presentations secured as JWTs (VC-JOSE-COSE): jose.
import {SignJWT, jwtVerify} from 'jose';
import {signingKey, verificationKey} from './keys.mjs';

// `payload` is the credential or presentation itself; `typ` is vc+jwt or vp+jwt.
export async function signJwt({payload, signer, typ}) {
  const {alg, kid, key} = await signingKey(signer);
  return new SignJWT(payload).setProtectedHeader({alg, typ, kid}).sign(key);
}

// {verified, reason, payload}. Who signs for whom is no matter of JOSE: it is compared here.
export async function verifyJwt({jwt, typ, audience}) {
  let result;
  try {
    result = await jwtVerify(jwt, async ({kid, alg}) => {
      const known = await verificationKey(kid);
      if(known.alg !== alg) {
        throw new Error(`the header says ${alg}, the key is for ${known.alg}`);
      }
      return known.key;
    }, {typ, audience});
  } catch(error) {
    return {verified: false, reason: error.message};
  }
  const {payload, protectedHeader: {kid}} = result;
  const party = payload.issuer?.id ?? payload.issuer ?? payload.holder?.id ?? payload.holder;
  if(!kid.startsWith(`${party}#`)) {
    return {verified: false, reason: `the key ${kid} is none of ${party}`};
  }
  return {verified: true, reason: '', payload};
}
