// A page of a mirror: it stays as it is when the mirror is no longer kept up to date, so it is asked whether that is so. By
// the validity of the list of revocations, which each export renews in time; what is not known counts as too old.

const copy = document.getElementById('copy');

async function holdsUntil() {
  const answer = await fetch('/status/revocation/1', { cache: 'no-cache' });
  const [, payload] = (await answer.text()).split('.');
  return Date.parse(JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/'))).validUntil);
}

function sayThatItIsOld() {
  copy.classList.add('notice');
  copy.firstChild.textContent = `${copy.dataset.old} `;
  for (const state of document.querySelectorAll('main > .state')) {
    state.className = 'state then';
    state.querySelector('svg')?.remove();
    for (const line of state.querySelectorAll('p')) line.remove();
    state.querySelector('h1').textContent = copy.dataset.unknown;
  }
}

if (!((await holdsUntil().catch(() => 0)) > Date.now())) sayThatItIsOld();
