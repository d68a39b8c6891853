// Keeps the page as the server would show it now: on each event the page is fetched, and its live parts take the place of the old ones.
'use strict';

const announcePause = 10000; // between two announcements of requests, in milliseconds
const retryPause = 2000;

const words = { live: 'Live', paused: 'Paused', lost: 'Connection lost, trying again' };
const statusLine = document.getElementById('status');
const pauseButton = document.getElementById('pause');
const news = document.getElementById('news');

let paused = false;
let connected = false;
let loading = false;
let again = false;

function showState() {
  const state = paused ? 'paused' : connected ? 'live' : 'lost';
  statusLine.dataset.state = state;
  if (statusLine.textContent !== words[state]) {
    statusLine.textContent = words[state];
  }
}

// replaceContent leaves a part alone that did not change.
function replaceContent(part, fresh) {
  if (part.innerHTML !== fresh.innerHTML) {
    part.replaceChildren(...fresh.childNodes);
  }
}

// replaceRows keeps the rows that are there, with what is open or focused in them: a request never changes.
function replaceRows(part, fresh) {
  const old = new Map([...part.children].map((row) => [row.id, row]));
  const rows = [...fresh.children].map((row) => {
    const same = old.get(row.id);
    if (!same) {
      row.classList.add('fresh');
    }
    return same || row;
  });
  const stay = new Set(rows);
  for (const row of old.values()) {
    if (!stay.has(row)) {
      row.remove();
    }
  }
  rows.forEach((row, i) => {
    if (part.children[i] !== row) {
      part.insertBefore(row, part.children[i] || null);
    }
  });
}

function show(page) {
  for (const part of document.querySelectorAll('[data-live]')) {
    const fresh = page.getElementById(part.id);
    if (!fresh) {
      continue;
    }
    if (part.dataset.live === 'rows') {
      replaceRows(part, fresh);
    } else {
      replaceContent(part, fresh);
    }
    if (fresh.dataset.number) {
      announce(Number(fresh.dataset.number));
    }
  }
}

let announced = Number(document.getElementById('number').dataset.number);
let latest = announced;
let announcing = false;

// announce tells those who hear the page of new requests, in one sentence now and then.
function announce(number) {
  latest = number;
  if (announcing || latest === announced) {
    return;
  }
  announcing = true;
  const difference = latest - announced;
  // A sandbox that was started anew counts from the beginning.
  const count = difference > 0 ? difference : latest;
  news.textContent = count === 1 ? '1 new request' : `${count} new requests`;
  announced = latest;
  setTimeout(() => {
    announcing = false;
    announce(latest);
  }, announcePause);
}

async function refresh() {
  if (paused) {
    return;
  }
  if (loading) {
    again = true;
    return;
  }
  loading = true;
  try {
    do {
      again = false;
      const answer = await fetch('/', { cache: 'no-store', signal: AbortSignal.timeout(5000) });
      if (!answer.ok) {
        throw new Error(`the page answers ${answer.status}`);
      }
      const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
      if (!paused) {
        show(page);
      }
    } while (again && !paused);
  } catch {
    // The stream tells whether the sandbox is gone. If it is not, this was only bad luck.
    setTimeout(() => connected && refresh(), retryPause);
  } finally {
    loading = false;
  }
}

function connect() {
  const stream = new EventSource('/events');
  stream.addEventListener('open', () => {
    connected = true;
    showState();
  });
  stream.addEventListener('change', refresh);
  stream.addEventListener('error', () => {
    connected = false;
    showState();
    // The browser connects again by itself, unless it was refused.
    if (stream.readyState === EventSource.CLOSED) {
      setTimeout(connect, retryPause);
    }
  });
}

pauseButton.hidden = false;
pauseButton.addEventListener('click', () => {
  paused = !paused;
  pauseButton.setAttribute('aria-pressed', String(paused));
  showState();
  refresh();
});
connect();
