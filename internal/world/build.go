package world

import (
	"bytes"
	"compress/zlib"
	"context"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Build makes a bare repository dir/OWNER/NAME.git for every repository of the
// world that has one: not for those that are missing, denied or moved.
func (w *World) Build(ctx context.Context, dir string) error {
	for _, name := range w.Repositories() {
		if err := ctx.Err(); err != nil {
			return err
		}
		r := w.repos[name]
		if r.manners.absent() {
			continue
		}
		if err := r.build(bare{repoDir(dir, name)}); err != nil {
			return fmt.Errorf("world: %s: %w", name, err)
		}
	}
	return nil
}

func repoDir(dir, name string) string {
	return filepath.Join(dir, filepath.FromSlash(name)+".git")
}

func (r *repository) build(b bare) error {
	head := r.branch
	if r.head != "" {
		head = r.head
	}
	if err := b.init(head); err != nil {
		return err
	}
	if r.empty {
		return nil
	}
	hash, err := b.commit(r.branch, "", r.date, "Lay the first stone\n", r.entries)
	if err != nil {
		return err
	}
	if r.tag != "" {
		if err := b.tag(r.tag, hash, r.date); err != nil {
			return err
		}
	}
	if r.detached {
		return b.write("HEAD", hash+"\n")
	}
	return nil
}

// Commit adds one commit to the branch that HEAD names of the repository
// OWNER/NAME below dir, and returns its hash. The changes are a txtar archive
// whose names are paths in the tree, with kinds in brackets as in a world.
func Commit(dir, name, changes string) (hash string, err error) {
	if err := checkName(name); err != nil {
		return "", fmt.Errorf("world: %w", err)
	}
	b := bare{repoDir(dir, name)}
	head, err := b.read("HEAD")
	if err != nil {
		return "", fmt.Errorf("world: %s: %w", name, err)
	}
	branch, ok := strings.CutPrefix(head, "ref: refs/heads/")
	if !ok {
		return "", fmt.Errorf("world: %s: HEAD is detached", name)
	}
	parent, err := b.read("refs/heads/" + branch)
	if err != nil && !os.IsNotExist(err) {
		return "", fmt.Errorf("world: %s: %w", name, err)
	}
	tree, when, err := b.last(parent)
	if err != nil {
		return "", fmt.Errorf("world: %s: %w", name, err)
	}
	for _, f := range split([]byte(changes)) {
		e, err := parseEntry(f.name, f.data)
		if err != nil {
			return "", fmt.Errorf("world: %s: %s: %w", name, f.name, err)
		}
		tree = slices.DeleteFunc(tree, func(old entry) bool { return old.path == e.path })
		if !e.deleted {
			tree = append(tree, e)
		}
	}
	return b.commit(branch, parent, when.Add(time.Hour), "Build on\n", tree)
}

// bare is a bare repository's folder. It writes git's own formats, which are
// few and fixed, so that nothing of the machine can get into a hash.
type bare struct{ dir string }

func (b bare) init(branch string) error {
	for _, dir := range []string{"objects/pack", "objects/info", "refs/heads", "refs/tags"} {
		if err := os.MkdirAll(filepath.Join(b.dir, dir), 0o755); err != nil {
			return err
		}
	}
	if err := b.write("config", "[core]\n\trepositoryformatversion = 0\n\tbare = true\n"); err != nil {
		return err
	}
	return b.write("HEAD", "ref: refs/heads/"+branch+"\n")
}

func (b bare) write(name, text string) error {
	file := filepath.Join(b.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	// Renamed into place: a server may be reading.
	if err := os.WriteFile(file+".new", []byte(text), 0o644); err != nil {
		return err
	}
	return os.Rename(file+".new", file)
}

func (b bare) read(name string) (string, error) {
	data, err := os.ReadFile(filepath.Join(b.dir, filepath.FromSlash(name)))
	return strings.TrimSpace(string(data)), err
}

func (b bare) commit(branch, parent string, when time.Time, message string, entries []entry) (string, error) {
	tree, err := b.tree(entries)
	if err != nil {
		return "", err
	}
	var c strings.Builder
	fmt.Fprintf(&c, "tree %s\n", hex.EncodeToString(tree))
	if parent != "" {
		fmt.Fprintf(&c, "parent %s\n", parent)
	}
	fmt.Fprintf(&c, "author %[1]s\ncommitter %[1]s\n\n%[2]s", signature(when), message)
	sum, err := b.object("commit", []byte(c.String()))
	if err != nil {
		return "", err
	}
	hash := hex.EncodeToString(sum)
	return hash, b.write("refs/heads/"+branch, hash+"\n")
}

func (b bare) tag(name, hash string, when time.Time) error {
	sum, err := b.object("tag", fmt.Appendf(nil, "object %s\ntype commit\ntag %s\ntagger %s\n\n%s\n", hash, name, signature(when), name))
	if err != nil {
		return err
	}
	return b.write("refs/tags/"+name, hex.EncodeToString(sum)+"\n")
}

func signature(when time.Time) string {
	return fmt.Sprintf("Agrimensor <agrimensor@groma.example> %d +0000", when.Unix())
}

// tree writes the trees of the entries, the innermost first, and returns the
// outermost's hash.
func (b bare) tree(entries []entry) ([]byte, error) {
	type node struct {
		name string
		mode mode
		hash []byte
	}
	var nodes []node
	below := map[string][]entry{}
	for _, e := range entries {
		name, rest, nested := strings.Cut(e.path, "/")
		if nested {
			e.path = rest
			below[name] = append(below[name], e)
			continue
		}
		hash, err := b.leaf(e)
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, node{name, e.mode, hash})
	}
	for name, inner := range below {
		hash, err := b.tree(inner)
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, node{name, directory, hash})
	}
	// Git sorts a folder as if its name ended in a slash.
	key := func(n node) string {
		if n.mode == directory {
			return n.name + "/"
		}
		return n.name
	}
	slices.SortFunc(nodes, func(x, y node) int { return strings.Compare(key(x), key(y)) })
	var t bytes.Buffer
	for i, n := range nodes {
		if i > 0 && nodes[i-1].name == n.name {
			return nil, fmt.Errorf("%q stands twice in one folder", n.name)
		}
		fmt.Fprintf(&t, "%s %s\x00%s", n.mode, n.name, n.hash)
	}
	return b.object("tree", t.Bytes())
}

func (b bare) leaf(e entry) ([]byte, error) {
	if e.mode == submodule {
		return e.data, nil
	}
	return b.object("blob", e.data)
}

// object writes a loose object, unless it is there.
func (b bare) object(kind string, data []byte) ([]byte, error) {
	raw := append(fmt.Appendf(nil, "%s %d\x00", kind, len(data)), data...)
	sum := sha1.Sum(raw)
	name := loose(sum[:])
	if _, err := os.Stat(filepath.Join(b.dir, name)); err == nil {
		return sum[:], nil
	}
	var z bytes.Buffer
	zw := zlib.NewWriter(&z)
	zw.Write(raw)
	zw.Close()
	return sum[:], b.write(name, z.String())
}

// loose is where an object is.
func loose(sum []byte) string {
	hash := hex.EncodeToString(sum)
	return "objects/" + hash[:2] + "/" + hash[2:]
}

// last returns the files of a commit and its time; none for no commit.
func (b bare) last(hash string) ([]entry, time.Time, error) {
	if hash == "" {
		return nil, Epoch.Add(-time.Hour), nil
	}
	commit, err := b.open(hash)
	if err != nil {
		return nil, time.Time{}, err
	}
	var tree string
	var seconds int64
	for line := range strings.Lines(string(commit)) {
		fmt.Sscanf(line, "tree %s", &tree)
		if rest, ok := strings.CutPrefix(line, "committer "); ok {
			fmt.Sscanf(rest[strings.LastIndex(rest, ">")+1:], "%d", &seconds)
		}
	}
	entries, err := b.list(tree, "")
	return entries, time.Unix(seconds, 0).UTC(), err
}

// list reads a tree's files back.
func (b bare) list(hash, prefix string) ([]entry, error) {
	tree, err := b.open(hash)
	if err != nil {
		return nil, err
	}
	var entries []entry
	for len(tree) > 0 {
		head, rest, _ := bytes.Cut(tree, []byte{0})
		kind, name, _ := strings.Cut(string(head), " ")
		sum := rest[:sha1.Size]
		tree = rest[sha1.Size:]
		e := entry{path: prefix + name, mode: mode(kind), data: sum}
		switch e.mode {
		case directory:
			inner, err := b.list(hex.EncodeToString(sum), e.path+"/")
			if err != nil {
				return nil, err
			}
			entries = append(entries, inner...)
			continue
		case submodule:
		default:
			if e.data, err = b.open(hex.EncodeToString(sum)); err != nil {
				return nil, err
			}
		}
		entries = append(entries, e)
	}
	return entries, nil
}

// open returns what is in an object written by this package.
func (b bare) open(hash string) ([]byte, error) {
	sum, err := hex.DecodeString(hash)
	if err != nil || len(sum) != sha1.Size {
		return nil, fmt.Errorf("%q is no object's name", hash)
	}
	f, err := os.Open(filepath.Join(b.dir, loose(sum)))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	zr, err := zlib.NewReader(f)
	if err != nil {
		return nil, err
	}
	raw, err := io.ReadAll(zr)
	if err != nil {
		return nil, err
	}
	_, data, _ := bytes.Cut(raw, []byte{0})
	return data, nil
}
