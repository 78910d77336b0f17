// The page: what it asks, what it shows, and what it keeps until tomorrow.

import {qrcode} from 'qrcode-generator';
import {Refused, Rejected, readFragment, verifyCard, verifyOrder} from './answer.js';
import {addressOf, askForCard, askForOrder, named, queryOfCard} from './request.js';
import {Unheard, askThrough} from './verifier.js';

// The wallet opens the answer in a new tab, which has a sessionStorage of its own. So what was asked is kept where
// every tab of this origin finds it, for as long as an answer is taken.
const ASKED = 'tidemark.asked', TOLD = 'tidemark.told';
const PATIENCE = 10 * 60 * 1000; // milliseconds
const MODULE = 2; // pixels

const at = id => document.getElementById(id);
const shop = await (await fetch('shop.json')).json();
const address = addressOf(location);

const QUESTIONS = {
  order: {
    title: 'In which order would you read these?',
    what: `the order in which you like our ${shop.books.length} books, or those of them that you choose to tell`,
    not: 'what you like and dislike, what you have read, why, and who you are',
    ask: () => askForOrder({address, ...shop}),
    verify: async (answer, request) => ({order: await verifyOrder(answer, request)}),
    body: ({purpose, retention, books}) => ({preferences: {
      level: 'order', purpose, retention, candidates: books.map(named)
    }}),
    verified: ({answer}) => ({order: answer.order.map(({id}) => shop.books[id - 1].id)}) // it counts them from 1
  },
  card: {
    title: 'Do you have a library card?',
    what: 'whether you are a member: one claim of the card, signed by the library',
    not: 'your name, your number, the day you were born, and whatever else is on it',
    ask: () => askForCard({address, retention: shop.retention, ...shop.card}),
    verify: async (answer, request) => ({member: await verifyCard(answer, request, shop.card)}),
    body: ({card, retention}) => ({
      dcql_query: {credentials: [queryOfCard(card)]}, purpose: card.purpose, retention
    }),
    verified: ({credentials}) => ({member: credentials.card[0].claims[shop.card.claim] === true})
  }
};

// What was asked, by the state that comes back with the answer: {kind, request, asked}.
const asked = {
  all() {
    const kept = JSON.parse(localStorage.getItem(ASKED) ?? '{}');
    return Object.fromEntries(Object.entries(kept).filter(([, entry]) => Date.now() - entry.asked < PATIENCE));
  },
  add(kind, request) {
    const entries = {...asked.all(), [request.state]: {kind, request, asked: Date.now()}};
    localStorage.setItem(ASKED, JSON.stringify(entries));
  },
  take(state) { // once: a nonce is good for one answer
    const {[state]: entry, ...others} = asked.all();
    localStorage.setItem(ASKED, JSON.stringify(others));
    return entry;
  }
};

// What the wallet told and was verified: {order, member, until}; forgotten when it was promised to be.
const told = {
  all() {
    const kept = JSON.parse(localStorage.getItem(TOLD) ?? '{}');
    return kept.until > Date.now() ? kept : {};
  },
  add(news) {
    const until = told.all().until ?? Date.now() + shop.retention * 1000;
    localStorage.setItem(TOLD, JSON.stringify({...told.all(), ...news, until}));
  },
  forget() {
    localStorage.removeItem(TOLD);
  }
};

function show() {
  const {order, member} = told.all();
  const place = new Map((order ?? []).map((id, rank) => [id, rank]));
  const rank = ({id}) => place.get(id) ?? shop.books.length; // those that were not placed stay behind, as they were
  const books = shop.books.toSorted((one, other) => rank(one) - rank(other));
  const shelf = at('shelf');
  shelf.classList.toggle('ranked', place.size > 0);
  shelf.replaceChildren(...books.map(book => shown(book, place.has(book.id) || !place.size, member === true)));
  at('shelf-order').textContent = place.size ? 'In your order, the most liked first' : 'In our own order';
  at('forget').hidden = order === undefined && member === undefined;
}

function shown({id, title, author, about, price, hue}, placed, member) {
  const book = at('book').content.firstElementChild.cloneNode(true);
  const fill = (selector, text) => { book.querySelector(selector).textContent = text; };
  book.dataset.id = id;
  book.classList.toggle('unplaced', !placed);
  book.style.setProperty('--hue', hue);
  book.style.viewTransitionName = `book-${id}`;
  fill('h3', title), fill('.author', author), fill('.about', about), fill('.price', money(price));
  fill('.cover-title', title), fill('.cover-author', author);
  if(member) {
    const [full, less] = [document.createElement('s'), document.createElement('span')];
    full.textContent = money(price);
    less.textContent = money(Math.round(price * (100 - shop.card.discount) / 100));
    less.className = 'less';
    book.querySelector('.price').replaceChildren(full, less);
  }
  return book;
}

function money(cents) {
  return new Intl.NumberFormat('en-IE', {style: 'currency', currency: 'EUR'}).format(cents / 100);
}

async function ask(kind) {
  const {title, what, not} = QUESTIONS[kind];
  const {link, told: answer, stop = null} = shop.verifier
    ? await askThrough(shop.verifier, QUESTIONS[kind].body(shop)) : alone(kind);
  at('dialog-title').textContent = title;
  at('dialog-what').textContent = what;
  at('dialog-not').textContent = not;
  at('dialog-long').textContent = `in your browser, for ${Math.round(shop.retention / 3600)} hours`;
  at('dialog-link').href = link;
  at('dialog-link').onclick = () => {
    at('dialog-waits').textContent = 'Your wallet asks you now. Its answer opens here.';
  };
  at('dialog-waits').textContent = '';
  at('dialog-copy').textContent = 'Copy the link';
  at('dialog-copy').onclick = async () => {
    await navigator.clipboard.writeText(link);
    at('dialog-copy').textContent = 'Copied';
  };
  at('dialog-code').replaceChildren(drawn(link));
  at('dialog').onclose = stop;
  at('dialog').showModal();
  if(answer !== undefined) {
    await believe(async () => {
      const found = await answer.finally(() => at('dialog').close());
      return found && QUESTIONS[kind].verified(found);
    });
  }
}

// Without a verifier: the answer comes back in the address of this page.
function alone(kind) {
  const {request, link} = QUESTIONS[kind].ask();
  asked.add(kind, request);
  return {link};
}

function drawn(link) {
  const code = qrcode(0, 'L');
  code.addData(link);
  code.make();
  const size = code.getModuleCount() + 8;
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  let dark = '';
  for(let row = 0; row < code.getModuleCount(); row++) {
    for(let column = 0; column < code.getModuleCount(); column++) {
      dark += code.isDark(row, column) ? `M${column + 4} ${row + 4}h1v1h-1z` : '';
    }
  }
  path.setAttribute('d', dark);
  const attributes = {
    viewBox: `0 0 ${size} ${size}`, width: size * MODULE, height: size * MODULE, 'shape-rendering': 'crispEdges',
    role: 'img', 'aria-label': 'The same link as a QR code'
  };
  Object.entries(attributes).forEach(([name, value]) => svg.setAttribute(name, value));
  svg.append(path);
  return svg;
}

function say(strong, text, wrong = false) {
  const status = at('status'), start = document.createElement('strong');
  start.textContent = strong;
  status.replaceChildren(start, ` ${text}`);
  status.classList.toggle('wrong', wrong);
  status.hidden = false;
}

async function hear(answer) {
  const entry = answer.state === null ? undefined : asked.take(answer.state);
  if(entry === undefined) {
    say('Not ours.', 'This browser has not asked for that answer within the last ten minutes. Ask again.', true);
    return;
  }
  await believe(() => QUESTIONS[entry.kind].verify(answer, entry.request));
}

// Keep and show what `verify` finds, null where there is nothing; or say why nothing is believed.
async function believe(verify) {
  try {
    const news = await verify();
    if(news !== null) {
      told.add(news);
      await change(show);
      say(...thanks(news));
    }
  } catch(error) {
    say(...sorry(error), true);
  }
}

function sorry(error) {
  if(error instanceof Refused) {
    return ['Nothing was told.', error.code === 'access_denied'
      ? 'You said no, or your wallet has nothing to show. That is fine with us.'
      : `Your wallet could not answer (${error.code}).`];
  }
  if(error instanceof Rejected) {
    return ['We do not believe it.', `The answer is not valid: ${error.message}.`];
  }
  if(error instanceof Unheard) {
    return ['Nothing came of it.', error.message];
  }
  throw error;
}

function thanks({order, member}) {
  if(member !== undefined) {
    return member
      ? ['You are a member.', `The library has signed it, so everything is ${shop.card.discount} % less. Your name stayed on `
        + 'the card.']
      : ['Not a member.', 'The card is genuine, but it is not a member\'s.'];
  }
  if(!order.length) {
    return ['Nothing to go by.', 'Your wallet told no order, so the shelf stays in ours.'];
  }
  return ['This is your shelf.', order.length === shop.books.length
    ? 'The answer was made for this page, just now, and nothing but the order was in it.'
    : `You placed ${order.length} of ${shop.books.length}; the others follow in our own order.`];
}

async function change(update) {
  if(!document.startViewTransition || document.visibilityState !== 'visible') {
    update();
    return;
  }
  await document.startViewTransition(update).updateCallbackDone;
}

for(const kind of Object.keys(QUESTIONS)) {
  at(`ask-${kind}`).addEventListener('click', () => ask(kind).catch(error => say(...sorry(error), true)));
}
at('forget').addEventListener('click', async () => {
  told.forget();
  await change(show);
  say('Forgotten.', 'Nothing of what your wallet told is left in this browser.');
});
addEventListener('storage', ({key}) => { // the answer came in another tab
  if(key === TOLD || key === null) {
    at('dialog').close();
    change(show);
    say('Your wallet answered.', 'It did so in another tab, and the shelf below knows.');
  }
});
addEventListener('hashchange', listen);

async function listen() {
  const answer = readFragment(location.hash);
  if(answer === null) {
    return;
  }
  history.replaceState(null, '', location.pathname + location.search); // an answer is not to be bookmarked
  at('dialog').close();
  await hear(answer);
}

if(shop.verifier) {
  at('foot-how').textContent = 'Our own verifier asks your wallet and checks what it says; it keeps nothing of it. No '
    + 'cookies, nothing from elsewhere. What it tells this page stays in your browser until tomorrow.';
}
show();
await listen();
document.documentElement.dataset.ready = '';
