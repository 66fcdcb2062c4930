// A web server that knows nothing but files, as object storage does: the path, unescaped, is the name; a query is ignored.
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';

const types = { '.css': 'text/css', '.mjs': 'text/javascript', '.js': 'text/javascript', '.svg': 'image/svg+xml', '.png': 'image/png' };

export function serveFiles(folder) {
  const server = http.createServer((request, response) => {
    const name = decodeURIComponent(request.url.split('?')[0]);
    fs.readFile(path.join(folder, name), (error, bytes) => {
      const type = types[path.extname(name.split('?')[0])] ?? 'text/html; charset=utf-8';
      response.writeHead(error ? 404 : 200, { 'Content-Type': type }).end(error ? 'none' : bytes);
    });
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve({
      url: `http://127.0.0.1:${server.address().port}`,
      close: () => (server.closeAllConnections(), new Promise((done) => server.close(done))),
    }));
  });
}
