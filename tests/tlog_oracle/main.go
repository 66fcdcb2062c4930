// main FOLDER: reads a log as tests/write_log.c writes it and checks all of it with the packages of the Go checksum
// database, golang.org/x/mod/sumdb/note and tlog, which have nothing in common with our code. Only the paths of tiles
// differ between the two (C2SP tlog-tiles has no height in them), and the first line of a checkpoint.
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8

var folder string
var verifier note.Verifier

// A checkpoint, with the tiles of its tree as a source of hashes, each checked against the root as it is read.
type checkpoint struct {
	note string
	tree tlog.Tree
	tlog.HashReader
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func fail(format string, arguments ...any) {
	must(fmt.Errorf(format, arguments...))
}

func read(path string) []byte {
	data, err := os.ReadFile(filepath.Join(folder, path))
	must(err)
	return data
}

type tiles struct{}

func (tiles) Height() int                     { return height }
func (tiles) SaveTiles([]tlog.Tile, [][]byte) {}
func (tiles) ReadTiles(asked []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range asked {
		data, err := os.ReadFile(filepath.Join(folder, strings.Replace(tile.Path(), "tile/8/", "tile/", 1)))
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

func open(signed string) *checkpoint {
	opened, err := note.Open([]byte(signed), note.VerifierList(verifier))
	must(err)
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name() {
		fail("a checkpoint of another form or log: %q", opened.Text)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	must(err)
	root, err := tlog.ParseHash(lines[2])
	must(err)
	tree := tlog.Tree{N: size, Hash: root}
	return &checkpoint{signed, tree, tlog.TileHashReader(tree, tiles{})}
}

func checkpoints() map[int64]*checkpoint {
	all := map[int64]*checkpoint{}
	paths, err := filepath.Glob(filepath.Join(folder, "checkpoints/*"))
	must(err)
	for _, path := range paths {
		data, err := os.ReadFile(path)
		must(err)
		point := open(string(data))
		if strconv.FormatInt(point.tree.N, 10) != filepath.Base(path) {
			fail("%s is of size %d", path, point.tree.N)
		}
		all[point.tree.N] = point
	}
	return all
}

func checkRoot(point *checkpoint) {
	root, err := tlog.TreeHash(point.tree.N, point)
	must(err)
	if root != point.tree.Hash {
		fail("size %d: the tiles give another root", point.tree.N)
	}
}

// Every entry of the tree, in its bundle, has the hash that is in the tile of level 0.
func checkEntries(point *checkpoint) {
	for n := int64(0); n<<height < point.tree.N; n++ {
		width := point.tree.N - n<<height
		if width > 1<<height {
			width = 1 << height
		}
		bundle := tlog.Tile{H: height, L: -1, N: n, W: int(width)}
		data := read(strings.Replace(bundle.Path(), "tile/8/data/", "tile/entries/", 1))
		var asked []int64
		for i := int64(0); i < width; i++ {
			asked = append(asked, tlog.StoredHashIndex(0, n<<height+i))
		}
		hashes, err := point.ReadHashes(asked)
		must(err)
		for i, hash := range hashes {
			if len(data) < 2 || len(data) < 2+int(binary.BigEndian.Uint16(data)) {
				fail("bundle %d ends in its entry %d", n, i)
			}
			end := 2 + int(binary.BigEndian.Uint16(data))
			if tlog.RecordHash(data[2:end]) != hash {
				fail("entry %d is another than its hash says", int(n)<<height+i)
			}
			data = data[end:]
		}
		if len(data) != 0 {
			fail("bundle %d goes on after its last entry", n)
		}
	}
}

func parseHashes(text string) []tlog.Hash {
	var hashes []tlog.Hash
	for _, line := range strings.Split(text, "\n") {
		if line == "" {
			continue
		}
		hash, err := tlog.ParseHash(line)
		must(err)
		hashes = append(hashes, hash)
	}
	return hashes
}

func same(a, b []tlog.Hash) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// A .tlog-proof with its entry as extra data.
func checkInclusion(path string) {
	data, err := os.ReadFile(path)
	must(err)
	head, signed, found := strings.Cut(string(data), "\n\n")
	lines := strings.SplitN(head+"\n", "\n", 4)
	if !found || len(lines) != 4 || lines[0] != "c2sp.org/tlog-proof@v1" {
		fail("%s: not a tlog-proof", path)
	}
	entry, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(lines[1], "extra "))
	must(err)
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[2], "index "), 10, 64)
	must(err)
	point := open(signed)
	proof := tlog.RecordProof(parseHashes(lines[3]))
	must(tlog.CheckRecord(proof, point.tree.N, point.tree.Hash, index, tlog.RecordHash(entry)))
	own, err := tlog.ProveRecord(point.tree.N, index, point)
	must(err)
	if !same(own, proof) {
		fail("%s: tlog proves it otherwise", path)
	}
	if !bytes.HasPrefix(entry, []byte(fmt.Sprintf("entry %d", index))) {
		fail("%s: entry %q", path, entry)
	}
}

func checkConsistency(path string, all map[int64]*checkpoint) {
	var old, size int64
	_, err := fmt.Sscanf(filepath.Base(path), "%d-%d", &old, &size)
	must(err)
	data, err := os.ReadFile(path)
	must(err)
	proof := tlog.TreeProof(parseHashes(string(data)))
	must(tlog.CheckTree(proof, size, all[size].tree.Hash, old, all[old].tree.Hash))
	own, err := tlog.ProveTree(size, old, all[size])
	must(err)
	if !same(own, proof) {
		fail("%s: tlog proves it otherwise", path)
	}
}

func each(pattern string, check func(path string)) int {
	paths, err := filepath.Glob(filepath.Join(folder, pattern))
	must(err)
	if len(paths) == 0 {
		fail("there is nothing at %s", pattern)
	}
	for _, path := range paths {
		check(path)
	}
	return len(paths)
}

func main() {
	folder = os.Args[1]
	var err error
	verifier, err = note.NewVerifier(string(read("vkey")))
	must(err)
	all := checkpoints()
	for _, point := range all {
		checkRoot(point)
		checkEntries(point)
	}
	inclusions := each("inclusion/*", checkInclusion)
	consistencies := each("consistency/*", func(path string) { checkConsistency(path, all) })
	fmt.Printf("%d checkpoints, %d inclusion proofs, %d consistency proofs hold\n", len(all), inclusions, consistencies)
}
