// Asking through a verifier: `ipse verifier serve --api`, which a reverse proxy shows below this page's own address.
//
// The verifier signs the request, so that the wallet knows who asks; it receives the answer, encrypted, and verifies
// it. This page only asks it what came of that. The proxy adds the verifier's token: a page can keep no secret.

import {Refused, Rejected} from './answer.js';

const OUT = 'Our verifier can not be reached. Nothing was asked.';
const PAUSE = 1000; // milliseconds between two looks

// The verifier could not be asked, or nobody answered.
export class Unheard extends Error {}

// {link, told, stop}: the link for the wallet, what it tells in the end, and how to give up. `body` is what is asked.
export async function askThrough(verifier, body) {
  const sessions = `${verifier}/sessions`;
  const {id, link} = await call('POST', sessions, body);
  const session = `${sessions}/${encodeURIComponent(id)}`;
  const giving = new AbortController();
  const told = outcome(session, giving.signal);
  return {link, told, stop: () => giving.abort()};
}

// The verified answer, null once nobody waits for it any more.
async function outcome(session, given) {
  for(;;) {
    await new Promise(wake => setTimeout(wake, PAUSE));
    if(given.aborted) {
      await call('DELETE', session);
      return null;
    }
    const found = await call('GET', session);
    if(found.status !== 'pending') {
      await call('DELETE', session); // it was told once, and need not be kept there
    }
    if(found.status === 'verified') {
      return found;
    }
    if(found.status === 'refused') {
      throw new Refused(found.error?.code ?? 'access_denied');
    }
    if(found.status !== 'pending') {
      throw new Rejected(found.error?.message ?? 'it is not what was asked for');
    }
  }
}

async function call(method, address, body) {
  const content = body && {headers: {'Content-Type': 'application/json'}, body: JSON.stringify(body)};
  const response = await fetch(address, {method, cache: 'no-store', ...content}).catch(() => {
    throw new Unheard(OUT);
  });
  if(!response.ok) {
    throw new Unheard(response.status === 404 && method === 'GET' ? 'Nobody answered in time. Ask again.' : OUT);
  }
  return response.status === 204 ? null : response.json();
}
