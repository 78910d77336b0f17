// DCQL queries against a wallet, and answers against a query: dcql.
import {DcqlPresentationResult, DcqlQuery} from 'dcql';

// For each {query, credentials}: {satisfiable, matches: {id: {position: [claim sets]}}, sets: [[options]]}. A
// claim set is its position, null where the query has none; sets has what the wallet can answer of each.
export function decideDcql({pairs}) {
  return pairs.map(({query, credentials}) => decide(read(query), credentials));
}

// For each {query, answer}: {satisfied, reason}. An answer has an array of presentations for each id.
export function checkDcql({pairs}) {
  return pairs.map(({query, answer}) => {
    try {
      const result = DcqlPresentationResult.fromDcqlPresentation(answer, {dcqlQuery: read(query)});
      return {satisfied: result.can_be_satisfied === true, reason: ''};
    } catch(error) {
      return {satisfied: false, reason: error.message};
    }
  });
}

// For each query, whether the library reads it.
export function readsDcql({queries}) {
  return queries.map(query => {
    try {
      read(query);
      return true;
    } catch {
      return false;
    }
  });
}

function read(query) {
  const parsed = DcqlQuery.parse(query);
  DcqlQuery.validate(parsed);
  return parsed;
}

function decide(query, credentials) {
  const result = DcqlQuery.query(query, credentials);
  return {
    satisfiable: result.can_be_satisfied === true,
    matches: Object.fromEntries(Object.entries(result.credential_matches).map(([id, match]) => [
      id,
      Object.fromEntries((match.valid_credentials ?? []).map(({input_credential_index, claims}) => [
        input_credential_index,
        claims.valid_claim_sets.map(({claim_set_index}) => claim_set_index ?? null)
      ]))
    ])),
    sets: (result.credential_sets ?? []).map(({matching_options}) => matching_options ?? [])
  };
}
