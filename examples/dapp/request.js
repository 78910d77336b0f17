// Requests to a wallet: OpenID4VP 1.0 by value, without a server (prefix redirect_uri, response mode fragment).
//
// Nobody has signed such a request, and the wallet says so. What makes the answer safe is on this side: a fresh
// nonce for each request, which the wallet signs together with our address.

const ALGORITHMS = ['EdDSA', 'Ed25519', 'ES256'];
const FORMAT = 'dc+sd-jwt';
const BYTES = 16;

// The address of this page without query and fragment: who asks, and where the answer is opened.
export function addressOf(location) {
  return location.origin + location.pathname;
}

// Ask in which order the reader likes `books`.
export function askForOrder({address, purpose, retention, books}) {
  const candidates = books.map(book => ({id: book.id, text: named(book)}));
  const type = 'urn:ipse:preferences:order:1';
  return ask(address, {id: 'answer', format: FORMAT, meta: {vct_values: [type]}}, {
    type, credential_ids: ['answer'], purpose, retention, candidates
  });
}

// Ask for one claim of a card, and for nothing else that is on it.
export function askForCard({address, purpose, retention, type, claim}) {
  return ask(address, queryOfCard({type, claim}), {
    type: 'urn:ipse:purpose:1', credential_ids: ['card'], purpose, retention
  });
}

// How a book is called where it is one of several.
export function named({title, author}) {
  return `${title} by ${author}`;
}

export function queryOfCard({type, claim}) {
  return {id: 'card', format: FORMAT, meta: {vct_values: [type]}, claims: [{path: [claim]}]};
}

// {request, link}: the request to keep until the answer comes, and the link that takes it to the wallet.
function ask(address, query, transaction) {
  const request = {
    client_id: `redirect_uri:${address}`,
    response_type: 'vp_token',
    response_mode: 'fragment',
    redirect_uri: address,
    nonce: random(),
    state: random(),
    dcql_query: {credentials: [query]},
    transaction_data: [base64url(new TextEncoder().encode(JSON.stringify(transaction)))],
    client_metadata: {
      vp_formats_supported: {[FORMAT]: {'sd-jwt_alg_values': ALGORITHMS, 'kb-jwt_alg_values': ALGORITHMS}}
    }
  };
  const parameters = Object.entries(request).map(
    ([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]);
  return {request, link: `openid4vp://?${new URLSearchParams(parameters)}`};
}

function random() {
  return base64url(crypto.getRandomValues(new Uint8Array(BYTES)));
}

export function base64url(bytes) {
  return btoa(String.fromCharCode(...bytes)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}
