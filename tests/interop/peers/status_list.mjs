// Bitstring status lists: @digitalbazaar/vc-bitstring-status-list.
import {createCredential, createList, decodeList} from '@digitalbazaar/vc-bitstring-status-list';
import {issue} from './data_integrity.mjs';

// A signed status list credential of `length` entries, with those at the indices `set` set.
export async function createStatusList({url, issuer, suite, purpose, length, set}) {
  const list = await createList({length});
  for(const index of set) {
    list.setStatus(index, true);
  }
  const credential = await createCredential({id: url, list, statusPurpose: purpose});
  return issue({credential: {...credential, issuer, validFrom: new Date().toISOString()}, suite});
}

// What an encoded list holds: its length and the indices that are set.
export async function readStatusList({encodedList}) {
  const list = await decodeList({encodedList});
  const set = [];
  for(let index = 0; index < list.length; index++) {
    if(list.getStatus(index)) {
      set.push(index);
    }
  }
  return {length: list.length, set};
}
