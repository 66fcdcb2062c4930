// What the kernel says of a process, and what is in its memory.
import fs from 'node:fs';

const statusOf = (pid) => fs.readFileSync(`/proc/${pid}/status`, 'utf8');

// The value on the line of /proc/PID/status that has this name.
export const line = (pid, name) => statusOf(pid).match(new RegExp(`^${name}:\\s+(.*)$`, 'm'))[1];

// All that a process has in its memory and may read, piece by piece.
function* memoryOf(pid) {
  const memory = fs.openSync(`/proc/${pid}/mem`, 'r');
  try {
    for (const map of fs.readFileSync(`/proc/${pid}/maps`, 'utf8').trim().split('\n')) {
      const [, from, to, rights, name] = map.match(/^([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \S+ *(.*)$/);
      if (rights[0] !== 'r' || /^\[v/.test(name)) continue;
      const bytes = Buffer.alloc(parseInt(to, 16) - parseInt(from, 16));
      let len = 0;
      try {
        len = fs.readSync(memory, bytes, 0, bytes.length, Number(BigInt(`0x${from}`)));
      } catch {
        continue; // a page that cannot be read, of a file that has become shorter
      }
      yield bytes.subarray(0, len);
    }
  } finally {
    fs.closeSync(memory);
  }
}

// Which of these are in it.
export function find(pid, needles) {
  const found = new Set();
  for (const bytes of memoryOf(pid)) {
    for (const [name, needle] of Object.entries(needles)) if (bytes.includes(needle)) found.add(name);
  }
  return [...found].sort();
}

// Only root may read the memory of others.
export const mayRead = (() => {
  try {
    return process.getuid() === 0;
  } catch {
    return false;
  }
})();
