// What this browser keeps for the console: its key, and drafts that nobody else can read. IndexedDB, two tables.
const NAME = 'keurmerk-console';

function asked(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

let opened;
function database() {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore('keys');
      request.result.createObjectStore('drafts');
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  return opened;
}

export async function read(table, id) {
  return asked((await database()).transaction(table).objectStore(table).get(id));
}

export async function ids(table) {
  return asked((await database()).transaction(table).objectStore(table).getAllKeys());
}

// Done when it is on disk: what is typed must outlive the tab, the browser and the power.
export async function write(table, id, value) {
  const transaction = (await database()).transaction(table, 'readwrite', { durability: 'strict' });
  if (value === undefined) transaction.objectStore(table).delete(id);
  else transaction.objectStore(table).put(value, id);
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error);
  });
}
