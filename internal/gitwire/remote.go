package gitwire

import (
	"context"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/sideband"

	"groma/internal/fault"
	"groma/internal/outward"
	"groma/internal/packstream"
)

// A Remote is a repository that has answered. It is for one goroutine.
type Remote struct {
	// Head is the commit that was asked for. Where that was a hash, only
	// Fetch finds out whether it exists.
	Head Head
	// MovedTo is the address that the remote redirected to, as it would be
	// without mirrors; empty if it is where it was asked for.
	MovedTo string

	client  *Client
	request Request
	place   address
	mirror  *Mirror
	trial   trial
	wire    wire
	session session
	spent   bool // the session has given its pack
	blobs   Blobs

	want      plumbing.Hash    // what to ask for to get Head
	direct    bool             // want may be asked for
	branch    Head             // where to look for it if not
	tip       plumbing.Hash    // of branch
	abilities *capability.List // of the other side
	refs      *packp.AdvRefs   // that the session began with
	root      packstream.Hash  // the top folder of Head, if it is known
}

// Wire returns how many requests were made of the remote so far, and how many
// bytes came.
func (r *Remote) Wire() (requests, bytesReceived int64) {
	return r.wire.requests.Load(), r.wire.received.Load()
}

// Close ends the conversation. Closing again does nothing.
func (r *Remote) Close() error {
	if r.session != nil {
		r.session.close()
		r.session = nil
	}
	return nil
}

var (
	sha1Name   = regexp.MustCompile(`^[0-9a-f]{40}$`)
	sha256Name = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

// probe fills in everything about the remote.
func (r *Remote) probe(ctx context.Context) (err error) {
	defer fault.Catch(&err) // or its session would stay
	bare, _, _ := cutPassword(r.request.Address)
	r.trial = trial{asked: printable(bare)}
	if err := r.locate(); err != nil {
		return r.trial.judge(ctx, err, evidence{})
	}
	refs, err := r.advertise(ctx)
	if err != nil {
		return err
	}
	if found := r.session.address(); found != "" {
		public := restore(r.client.config.Mirrors, r.mirror, found)
		if !sameRepository(public, r.request.Address) {
			r.MovedTo = r.trial.quote(public)
		}
	}
	if err := r.resolve(refs); err != nil {
		return r.trial.judge(ctx, err, evidence{})
	}
	r.abilities, r.refs = refs.Capabilities, refs
	if r.request.AsOf.IsZero() {
		return nil
	}
	if err := r.canGoBack(); err != nil {
		return r.trial.judge(ctx, err, evidence{})
	}
	return r.goBack(ctx)
}

// locate finds out where to ask, and with what credentials.
func (r *Remote) locate() error {
	r.request.Commit = strings.ToLower(r.request.Commit)
	switch commit := r.request.Commit; {
	case commit != "" && !r.request.AsOf.IsZero():
		return fault.Errorf(fault.Invalid, "a commit and an instant: want one of them")
	case commit == "", sha1Name.MatchString(commit):
	case sha256Name.MatchString(commit):
		return fault.Errorf(fault.Unsupported, "commit %s is named by SHA-256, which this program does not read yet", commit)
	default:
		return fault.Errorf(fault.Invalid, "commit %q: want a full hash of 40 hexadecimal digits", printable(commit))
	}
	var err error
	rewritten, mirror := rewrite(r.client.config.Mirrors, r.request.Address)
	if r.place, err = parseAddress(rewritten); err != nil {
		return err
	}
	r.mirror = mirror
	r.place.trusted = mirror != nil && mirror.trusts(r.request.Address)
	if err := r.permit(rewritten); err != nil {
		return err
	}
	r.trial.host = strings.ToLower(bareHost(r.place.host))
	if r.place.scheme == "https" || r.place.scheme == "http" && outward.Loopback(r.trial.host) {
		r.trial.secret, _ = r.client.config.Credentials.lookup(r.trial.host)
	}
	return nil
}

// advertise opens a session and asks for the refs.
func (r *Remote) advertise(ctx context.Context) (*packp.AdvRefs, error) {
	r.Close()
	s, err := r.client.open(ctx, r.place, &r.wire, r.trial.secret)
	if err != nil {
		return nil, r.trial.judge(ctx, err, evidence{})
	}
	r.session, r.spent = s, false
	refs, err := s.advertise(ctx, r.request.Branch)
	if err != nil {
		return nil, r.trial.judge(ctx, err, s.evidence())
	}
	if slices.Contains(refs.Capabilities.Get(capability.ObjectFormat), "sha256") {
		return nil, r.trial.judge(ctx, errSHA256, evidence{})
	}
	return refs, nil
}

// resolve finds the commit that the request means among the refs.
func (r *Remote) resolve(refs *packp.AdvRefs) error {
	if refs.IsEmpty() {
		return fault.Errorf(fault.Empty, "it has no commits")
	}
	head, want, err := find(refs, r.request.Branch)
	if r.request.Commit == "" {
		r.Head, r.want, r.direct = head, want, true
		return err
	}
	r.want, r.branch, r.tip = plumbing.NewHash(r.request.Commit), head, want
	r.Head = Head{Commit: r.request.Commit, Branch: r.request.Branch}
	r.direct = refs.Capabilities.Supports(capability.AllowReachableSHA1InWant) || isTip(refs, r.want)
	if r.direct {
		return nil
	}
	return err // nil if there is a branch to look for the commit on
}

// isTip reports whether a ref names the object, so that it may be asked for.
func isTip(refs *packp.AdvRefs, want plumbing.Hash) bool {
	for _, h := range refs.References {
		if h == want {
			return true
		}
	}
	return refs.Head != nil && *refs.Head == want
}

// find returns what a branch means, and what to ask for to get it: for an
// annotated tag that is the tag.
func find(refs *packp.AdvRefs, branch string) (Head, plumbing.Hash, error) {
	if branch == "" {
		if refs.Head == nil {
			return Head{}, plumbing.ZeroHash, fault.Errorf(fault.Empty, "HEAD names a branch without commits; name another: %s", branches(refs))
		}
		return Head{Commit: refs.Head.String(), Branch: headBranch(refs)}, *refs.Head, nil
	}
	for _, name := range []string{"refs/heads/" + branch, "refs/tags/" + branch, branch} {
		want, ok := refs.References[name]
		if !ok {
			continue
		}
		commit := want
		if peeled, ok := refs.Peeled[name]; ok {
			commit = peeled
		}
		return Head{Commit: commit.String(), Branch: branch}, want, nil
	}
	return Head{}, plumbing.ZeroHash, fault.Errorf(fault.NotFound, "it has no branch %s; it has %s", printable(branch), branches(refs))
}

// headBranch is the branch that HEAD names, or empty for a detached one.
func headBranch(refs *packp.AdvRefs) string {
	for _, symref := range refs.Capabilities.Get(capability.SymRef) {
		if branch, ok := strings.CutPrefix(symref, "HEAD:refs/heads/"); ok {
			return strings.ToValidUTF8(branch, "?")
		}
	}
	return ""
}

// branches lists a remote's branches for people, the first few of them.
func branches(refs *packp.AdvRefs) string {
	const most = 8
	var names []string
	for name := range refs.References {
		if branch, ok := strings.CutPrefix(name, "refs/heads/"); ok {
			names = append(names, printable(branch))
		}
	}
	slices.Sort(names)
	switch {
	case len(names) == 0:
		return "no branches"
	case len(names) > most:
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return strings.Join(names, ", ")
}

// Limits bound what a fetch may take.
type Limits struct {
	// PackBytes is how large a pack may be; zero means 4 GiB.
	PackBytes int64
	// ObjectBytes is how large one inflated object may be; zero means 4 GiB.
	ObjectBytes int64
	// FileBytes is how large a file may be to be of use. The contents of larger
	// ones stay where they are, if the host can leave them out and tells their
	// sizes all the same. Zero means that all are of use.
	FileBytes int64
	// Objects is how many there may be; zero means 2 million.
	Objects int64
	// Entries is how many files and folders its tree may have; zero means 2
	// million. A few objects can make a tree of any size.
	Entries int64

	memory int64 // of one pack; zero means the client's
}

func (l Limits) filled() Limits {
	for _, d := range []struct {
		field *int64
		value int64
	}{{&l.PackBytes, 4 << 30}, {&l.ObjectBytes, 4 << 30}, {&l.Objects, 2 << 20}, {&l.Entries, 2 << 20}} {
		if *d.field <= 0 {
			*d.field = d.value
		}
	}
	return l
}

// Fetch brings the tree of [Remote.Head], without history. The caller must
// close the snapshot; it outlives the remote.
func (r *Remote) Fetch(ctx context.Context, limits Limits) (*Snapshot, error) {
	limits = limits.filled()
	if r.direct {
		s, err := r.fetch(ctx, limits, r.want, 1)
		if err == nil && s == nil {
			err = r.trial.judge(ctx, fault.Errorf(fault.Invalid, "it did not send the commit %s", r.want), evidence{})
		}
		return s, err
	}
	// The remote hands out only tips of branches: go back from one until the
	// commit is there, first some way, then all the way.
	for _, depth := range []int{100, 0} {
		s, err := r.fetch(ctx, limits, r.tip, depth)
		if err != nil || s != nil {
			return s, err
		}
	}
	return nil, r.trial.judge(ctx, fault.Errorf(fault.NotFound, "it has no commit %s on its branch %s, and does not hand out others", r.want, printable(r.branch.Branch)), evidence{})
}

// fetch asks for one commit and as many before it as depth says, all if zero.
// It returns nil if what came lacks what is wanted.
func (r *Remote) fetch(ctx context.Context, limits Limits, ask plumbing.Hash, depth int) (*Snapshot, error) {
	blobs := r.blobs
	if depth != 1 {
		blobs = Blobs{} // of more than one commit, most would be of no use
	}
	q := r.question(ask, packp.DepthCommits(depth))
	without := depth == 1 && r.leaveOut(q, limits)
	p, err := r.pack(ctx, limits, q, blobs)
	if err != nil {
		return nil, err
	}
	s, err := newSnapshot(p, packstream.Hash(r.want))
	if err != nil {
		p.Close()
		return nil, r.trial.judge(ctx, err, evidence{})
	}
	if s == nil {
		p.Close()
		return nil, nil
	}
	s.entries = limits.Entries
	if !without {
		return s, nil
	}
	right, err := r.measure(ctx, s, limits)
	if right && err == nil {
		return s, nil
	}
	s.Close()
	if err != nil {
		return nil, err
	}
	limits.FileBytes = 0 // it leaves out what it should not
	return r.fetch(ctx, limits, ask, depth)
}

// pack asks a question and receives the pack that answers it. One that breaks
// off is asked for again: git cannot go on with it.
func (r *Remote) pack(ctx context.Context, limits Limits, question *packp.UploadPackRequest, blobs Blobs) (*packstream.Pack, error) {
	for asked := 1; ; asked++ {
		p, broken, err := r.tryPack(ctx, limits, question, blobs)
		fault.Conceal(err, r.trial.secret.concealed().In)
		if !broken || asked == mostBroken {
			return p, err
		}
	}
}

// tryPack asks once, and says whether the pack broke off.
func (r *Remote) tryPack(ctx context.Context, limits Limits, question *packp.UploadPackRequest, blobs Blobs) (p *packstream.Pack, broken bool, err error) {
	defer fault.Catch(&err)
	if r.session == nil || r.spent && !r.session.reusable() {
		if _, err := r.advertise(ctx); err != nil {
			return nil, false, err
		}
	}
	r.spent = true
	answer, err := r.session.fetch(ctx, question)
	if err != nil {
		return nil, false, r.trial.judge(ctx, err, r.session.evidence())
	}
	p, err = r.client.receive(ctx, r.plain(answer), limits, blobs)
	answer.Close()
	if err != nil {
		judged := r.trial.judge(ctx, err, r.session.evidence())
		return nil, brokeOff(ctx, err, judged), judged
	}
	return p, false, nil
}

func (r *Remote) question(ask plumbing.Hash, depth packp.Depth) *packp.UploadPackRequest {
	q := packp.NewUploadPackRequest()
	q.Wants = []plumbing.Hash{ask}
	for _, ability := range []capability.Capability{capability.OFSDelta, capability.NoProgress, r.sideband()} {
		if ability != "" && r.abilities.Supports(ability) {
			q.Capabilities.Set(ability)
		}
	}
	if r.abilities.Supports(capability.Agent) {
		q.Capabilities.Set(capability.Agent, "groma")
	}
	needs := capability.Shallow
	if _, since := depth.(packp.DepthSince); since {
		needs = capability.DeepenSince
	}
	if !depth.IsZero() && r.abilities.Supports(needs) {
		q.Capabilities.Set(needs)
		q.Depth = depth
	}
	return q
}

func (r *Remote) sideband() capability.Capability {
	for _, ability := range []capability.Capability{capability.Sideband64k, capability.Sideband} {
		if r.abilities.Supports(ability) {
			return ability
		}
	}
	return ""
}

// plain is the pack alone, without what the server says beside it.
func (r *Remote) plain(answer io.Reader) io.Reader {
	switch r.sideband() {
	case capability.Sideband64k:
		return sideband.NewDemuxer(sideband.Sideband64k, answer)
	case capability.Sideband:
		return sideband.NewDemuxer(sideband.Sideband, answer)
	}
	return answer
}
