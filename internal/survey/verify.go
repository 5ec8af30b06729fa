package survey

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"sync"

	"google.golang.org/protobuf/proto"

	"groma/internal/artefact"
	"groma/internal/canonical"
	"groma/internal/fault"
	gromav1 "groma/proto/groma/v1"
)

// A Finding is something that is not as it was kept, or not what it should be by
// everything else that is kept.
type Finding struct {
	Key   string `json:"key"`
	Wrong string `json:"wrong"`
	Do    string `json:"do"`
}

// Looked is how much was looked at.
type Looked struct {
	Editions     int64 `json:"editions"`
	Repositories int64 `json:"repositories"` // of the manifest
	Rows         int64 `json:"rows"`         // of all summaries
	Censuses     int64 `json:"censuses"`
	Files        int64 `json:"files"` // of the censuses' lists
	Words        int64 `json:"words"`
	Vitals       int64 `json:"vitals"`
	Artefacts    int64 `json:"artefacts"` // keys that were read
	Unchecked    int64 `json:"unchecked"` // of them, those that are kept without a checksum
}

// A Verification is what [Verify] saw. It has at most some thousand findings;
// More says how many further ones there are.
type Verification struct {
	Survey    string      `json:"survey"`
	Looked    Looked      `json:"looked"`
	Findings  []Finding   `json:"findings"`
	More      int64       `json:"more"`
	Notes     []string    `json:"notes,omitempty"` // odd, and no harm
	Seed      uint64      `json:"seed,omitempty"`  // of the sample
	Recounted []Recounted `json:"recounted,omitempty"`
}

// Well reports whether nothing was found.
func (v *Verification) Well() bool { return len(v.Findings) == 0 }

// A VerifyRequest says what to verify, and with what.
type VerifyRequest struct {
	Survey  string
	Edition int64 // zero is every edition
	// Files reads the file list of a census that is kept.
	Files func(ctx context.Context, store artefact.Store, repository, commit, method string) iter.Seq2[*gromav1.FileCount, error]

	// Recount is how many counted rows, drawn with Seed, are counted again.
	Recount int
	Seed    uint64
	// Count counts one commit anew from its remote.
	Count func(ctx context.Context, address, commit string, limits *gromav1.Limits) (*gromav1.Census, error)
}

const (
	mostFindings = 2000
	verifyWidth  = 8 // rows looked at at once
)

// Verify rechecks a finished survey from what is kept: that everything it names
// is there and has its checksum, that each census is the sum of its file list
// and each row has its census, that the report is what the summaries give, and
// that outcomes and editions add up. It changes nothing. It reads one summary
// and a few file lists at a time; of the whole survey it holds what making its
// report takes.
//
// It fails with [artefact.ErrMissing] if there is no such survey or it has no
// report yet, and if storage cannot be read; what is damaged is a finding.
func Verify(ctx context.Context, store artefact.Store, request VerifyRequest) (*Verification, error) {
	v := &verifier{
		store: &counting{Store: store}, request: request, seen: map[string]bool{}, censuses: map[string]*countedOnce{},
		out: &Verification{Survey: request.Survey, Findings: []Finding{}},
	}
	err := v.run(ctx)
	v.out.Looked.Artefacts, v.out.Looked.Unchecked = v.store.read, v.store.unchecked
	if err != nil {
		return nil, err
	}
	return v.out, nil
}

// counting counts what is read, once for each key.
type counting struct {
	artefact.Store

	mu              sync.Mutex
	keys            map[[16]byte]bool
	read, unchecked int64
}

func (c *counting) Get(ctx context.Context, key string) ([]byte, error) {
	data, checked, err := artefact.Checked(ctx, c.Store, key)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.keys == nil {
		c.keys = map[[16]byte]bool{}
	}
	if id := shortSum(key); err == nil && !c.keys[id] {
		c.keys[id] = true
		c.read++
		if !checked {
			c.unchecked++
		}
	}
	return data, err
}

type verifier struct {
	store   *counting
	request VerifyRequest
	out     *Verification

	manifest *gromav1.Manifest
	editions *gromav1.Editions
	seen     map[string]bool // summaries that were looked at
	lost     map[int64]bool  // shards of the edition whose summary is not there, or cannot be read

	mu       sync.Mutex // held for what rows find at once
	censuses map[string]*countedOnce
}

func (v *verifier) found(findings ...Finding) {
	for _, f := range findings {
		if len(v.out.Findings) == mostFindings {
			v.out.More++
			continue
		}
		v.out.Findings = append(v.out.Findings, f)
	}
}

// wrong is a finding with the usual remedy.
func wrong(key, format string, args ...any) Finding {
	return Finding{Key: key, Wrong: fmt.Sprintf(format, args...), Do: artefact.Remedy(key)}
}

// unread turns a failure to read an artefact into what is found of it; other
// failures stay failures.
func unread(key string, err error) (findings []Finding, failed error) {
	switch {
	case err == nil:
		return nil, nil
	case errors.Is(err, artefact.ErrMissing):
		return []Finding{wrong(key, "is missing")}, nil
	case fault.KindOf(err) == fault.Invalid:
		text := strings.TrimPrefix(err.Error(), key+": ")
		if errors.Is(err, artefact.ErrDamaged) {
			text, _, _ = strings.Cut(text, ";") // what to do is said apart
		}
		return []Finding{wrong(key, "cannot be read: %s", fault.Clip(text, 500))}, nil
	}
	return nil, err
}

func (v *verifier) run(ctx context.Context) error {
	whole, err := v.head(ctx)
	if err != nil || !whole {
		return err
	}
	if err := v.documents(ctx); err != nil {
		return err
	}
	var last *edition
	for _, e := range v.editions.Editions {
		if v.request.Edition != 0 && v.request.Edition != e.Number {
			continue
		}
		if last, err = v.edition(ctx, e); err != nil {
			return err
		}
		v.out.Looked.Editions++
	}
	if last == nil {
		return fmt.Errorf("edition %d of %s: %w", v.request.Edition, v.request.Survey, artefact.ErrMissing)
	}
	if v.request.Recount > 0 {
		return v.recount(ctx, last.summaries)
	}
	return nil
}

// head reads the manifest and the editions; without them there is nothing to
// compare with.
func (v *verifier) head(ctx context.Context) (whole bool, err error) {
	id := v.request.Survey
	v.manifest, err = Manifest(ctx, v.store, id)
	if errors.Is(err, artefact.ErrMissing) {
		if _, none := Editions(ctx, v.store, id); errors.Is(none, artefact.ErrMissing) {
			return false, fmt.Errorf("survey %s: %w", id, artefact.ErrMissing)
		}
	}
	findings, err := unread(artefact.ManifestKey(id), err)
	if err != nil {
		return false, err
	}
	v.found(findings...)
	v.editions, err = Editions(ctx, v.store, id)
	if errors.Is(err, artefact.ErrMissing) && len(findings) == 0 {
		return false, v.unfinished(ctx)
	}
	more, err := unread(artefact.EditionsKey(id), err)
	if err != nil {
		return false, err
	}
	v.found(more...)
	if len(findings)+len(more) > 0 {
		return false, nil
	}
	if v.manifest.Survey != id {
		v.found(wrong(artefact.ManifestKey(id), "is of another survey, %q", v.manifest.Survey))
		return false, nil
	}
	v.out.Looked.Repositories = int64(len(v.manifest.GetLandscape().GetRepositories()))
	return true, v.editionsKept(ctx)
}

// unfinished is said of a survey without editions, unless it had some.
func (v *verifier) unfinished(ctx context.Context) error {
	id := v.request.Survey
	_, err := v.store.Get(ctx, artefact.ReportedKey(id))
	if errors.Is(err, artefact.ErrMissing) {
		return fmt.Errorf("survey %s has no report yet: %w", id, artefact.ErrMissing)
	}
	v.found(wrong(artefact.EditionKey(id, artefact.FirstEdition, "report.json"), "is missing, though it was reported"))
	return nil
}

func keysOfAll(manifest *gromav1.Manifest) []string {
	keys := make([]string, 0, len(manifest.GetLandscape().GetRepositories()))
	for _, r := range manifest.GetLandscape().GetRepositories() {
		keys = append(keys, r.Key)
	}
	return keys
}

// canonicalEqual compares messages as they are kept, where an empty list and
// none are the same.
func canonicalEqual(a, b proto.Message) bool {
	one, err := canonical.Marshal(a)
	other, failed := canonical.Marshal(b)
	return err == nil && failed == nil && string(one) == string(other)
}
