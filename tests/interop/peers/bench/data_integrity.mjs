// Digital Bazaar's issue and verify per second, with one cryptosuite and the credential on stdin:
//   node data_integrity.mjs eddsa-rdfc-2022|eddsa-jcs-2022 SECONDS < credential.json
import {readFileSync} from 'node:fs';
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import * as Ed25519Multikey from '@digitalbazaar/ed25519-multikey';
import * as vc from '@digitalbazaar/vc';
import {contexts} from '@digitalbazaar/credentials-context';
import {createVerifyCryptosuite, createSignCryptosuite} from '@digitalbazaar/eddsa-jcs-2022-cryptosuite';
import {cryptosuite as rdfc} from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import {securityLoader} from '@digitalbazaar/security-document-loader';
import {perSecond} from './rate.mjs';

const [name, seconds] = process.argv.slice(2);
const suites = {
  'eddsa-rdfc-2022': () => ({sign: rdfc, verify: rdfc}),
  'eddsa-jcs-2022': () => ({sign: createSignCryptosuite(), verify: createVerifyCryptosuite()})
};
const suite = suites[name]();
const key = await Ed25519Multikey.generate();
key.controller = `did:key:${key.publicKeyMultibase}`;
key.id = `${key.controller}#${key.publicKeyMultibase}`;

const method = {
  '@context': 'https://w3id.org/security/multikey/v1', ...await key.export({publicKey: true})
};
const controller = {
  '@context': ['https://www.w3.org/ns/did/v1', 'https://w3id.org/security/multikey/v1'],
  id: key.controller, assertionMethod: [key.id], verificationMethod: [method]
};
const others = securityLoader().build();
const documents = new Map([...contexts, [key.controller, controller], [key.id, method]]);
async function documentLoader(url) {
  return documents.has(url) ? {document: documents.get(url), documentUrl: url} : others(url);
}

const credential = {...JSON.parse(readFileSync(0, 'utf8')), issuer: key.controller};
let issued;
const issue = await perSecond(Number(seconds), async () => {
  issued = await vc.issue({
    credential: {...credential, credentialSubject: {...credential.credentialSubject}},
    suite: new DataIntegrityProof({signer: key.signer(), cryptosuite: suite.sign}), documentLoader
  });
});
const verify = await perSecond(Number(seconds), async () => {
  const result = await vc.verifyCredential({
    credential: issued, suite: new DataIntegrityProof({cryptosuite: suite.verify}), documentLoader
  });
  if(!result.verified) {
    throw result.error;
  }
});
console.log(JSON.stringify({issue, verify}));
