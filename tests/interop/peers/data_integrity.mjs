// Credentials and presentations with Data Integrity proofs: @digitalbazaar/vc.
import * as ecdsaJcs from '@digitalbazaar/ecdsa-jcs-2019-cryptosuite';
import * as eddsaJcs from '@digitalbazaar/eddsa-jcs-2022-cryptosuite';
import * as vc from '@digitalbazaar/vc';
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import {cryptosuite as ecdsaRdfc} from '@digitalbazaar/ecdsa-rdfc-2019-cryptosuite';
import {cryptosuite as eddsaRdfc} from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import {checkStatus} from '@digitalbazaar/vc-bitstring-status-list';
import {documentLoader} from './documents.mjs';
import {keyOf} from './keys.mjs';

const cryptosuites = {
  'eddsa-jcs-2022': {sign: eddsaJcs.createSignCryptosuite(), verify: eddsaJcs.createVerifyCryptosuite()},
  'eddsa-rdfc-2022': {sign: eddsaRdfc, verify: eddsaRdfc},
  'ecdsa-jcs-2019': {sign: ecdsaJcs.createSignCryptosuite(), verify: ecdsaJcs.createVerifyCryptosuite()},
  'ecdsa-rdfc-2019': {sign: ecdsaRdfc, verify: ecdsaRdfc}
};

export async function issue({credential, suite}) {
  return vc.issue({
    credential, suite: signing(credential.issuer.id ?? credential.issuer, suite), documentLoader: documentLoader()
  });
}

// {verified, reason, statuses}: whether the bits of its status entries are set is for the caller to judge.
export async function verify({credential, documents}) {
  return verdict(await vc.verifyCredential({
    credential, suite: verifying(), documentLoader: documentLoader(documents), checkStatus
  }));
}

export async function present({credentials, holder, suite, challenge, domain}) {
  const presentation = vc.createPresentation({verifiableCredential: credentials, holder});
  return vc.signPresentation({
    presentation, suite: signing(holder, suite), challenge, domain, documentLoader: documentLoader()
  });
}

export async function verifyPresentation({presentation, challenge, domain, documents}) {
  return verdict(await vc.verify({
    presentation, challenge, domain, suite: verifying(), documentLoader: documentLoader(documents), checkStatus
  }));
}

export function signing(did, suite) {
  return new DataIntegrityProof({signer: keyOf(did).signer(), cryptosuite: cryptosuites[suite].sign});
}

function verifying() {
  return Object.values(cryptosuites).map(({verify}) => new DataIntegrityProof({cryptosuite: verify}));
}

function verdict(result) {
  const parts = [result, result.presentationResult, result.statusResult, ...(result.credentialResults ?? [])];
  const reasons = parts.flatMap(part => messages(part?.error)).concat(
    ...(result.credentialResults ?? []).map(part => messages(part.statusResult?.error)));
  return {
    verified: result.verified === true,
    reason: [...new Set(reasons)].join('; '),
    statuses: (result.statusResult?.results ?? []).map(({status}) => status)
  };
}

function messages(error) {
  return error ? [error.message, ...(error.errors ?? []).flatMap(messages)] : [];
}
