// What the Linked Data libraries may load: contexts they bring along, did:key documents, and what a
// test hands in. Nothing comes from the network.
import * as EcdsaMultikey from '@digitalbazaar/ecdsa-multikey';
import * as Ed25519Multikey from '@digitalbazaar/ed25519-multikey';
import {contexts as dataIntegrityContexts} from '@digitalbazaar/data-integrity-context';
import {driver} from '@digitalbazaar/did-method-key';
import {securityLoader} from '@digitalbazaar/security-document-loader';

// security-document-loader on its own knows Ed25519 only, and as Ed25519VerificationKey2020.
export const didKeys = driver();
didKeys.use({multibaseMultikeyHeader: 'z6Mk', fromMultibase: Ed25519Multikey.from});
didKeys.use({multibaseMultikeyHeader: 'zDna', fromMultibase: EcdsaMultikey.from});

// A document loader that also knows `documents`, an object from URL to JSON.
export function documentLoader(documents = {}) {
  const loader = securityLoader();
  loader.addDocuments({documents: dataIntegrityContexts});
  loader.addDocuments({documents: Object.entries(documents)});
  loader.setDidResolver(didKeys);
  return loader.build();
}
