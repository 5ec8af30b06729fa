package vitals

import (
	"context"
	"testing"
	"time"

	"groma/internal/fault"
)

// remote answers as its fields say.
type remote struct {
	history       History
	err, fileErr  error
	file          string
	asked         Ask
	name          string
	most, filings int64
}

func (r *remote) History(_ context.Context, ask Ask) (*History, error) {
	r.asked = ask
	return &r.history, r.err
}

func (r *remote) RootFile(_ context.Context, name string, most int64) ([]byte, error) {
	r.name, r.most = name, most
	r.filings++
	return []byte(r.file), r.fileErr
}

func TestOf(t *testing.T) {
	at := windows[0].From
	commits := []Commit{{Author: Person{"A", "a@suse.com"}, Committed: at}, {Author: Person{"A", "a@home.org"}, Committed: at}}
	both := &remote{history: History{Commits: commits}, file: "<a@suse.com> <a@home.org>"}
	v, err := Of(t.Context(), both, []Window{windows[1], windows[0]})
	if err != nil || v.Spans[1].Authors != 1 || len(v.Bounds) > 0 {
		t.Errorf("%v, %v", v, err)
	}
	if !both.asked.Since.Equal(at) || both.name != ".mailmap" || both.asked.Tags == nil {
		t.Errorf("asked for %v and %s", both.asked.Since, both.name)
	}
	quiet := &remote{}
	if _, err := Of(t.Context(), quiet, windows); err != nil || quiet.filings != 0 {
		t.Errorf("without commits, the mailmap is asked for %d times: %v", quiet.filings, err)
	}
	for kind, limit := range map[fault.Kind]int64{fault.TooLarge: mostMailmap, fault.NotFound: 0, fault.Unsupported: 0} {
		r := &remote{history: History{Commits: commits}, fileErr: fault.Errorf(kind, "x")}
		v, err := Of(t.Context(), r, windows)
		if err != nil || v.Spans[0].Authors != 2 || len(v.Bounds) != 1 || v.Bounds[0].What != "mailmap" || v.Bounds[0].Limit != limit {
			t.Errorf("mailmap %s: %v, %v", kind, v, err)
		}
	}
}

func TestOf_Error(t *testing.T) {
	noon := Window{From: windows[0].From.Add(time.Hour), Until: windows[0].Until}
	for name, test := range map[string]struct {
		remote  *remote
		windows []Window
		want    fault.Kind
	}{
		"no windows":          {&remote{}, nil, fault.Invalid},
		"a window from one":   {&remote{}, []Window{noon}, fault.Invalid},
		"no history":          {&remote{err: fault.Errorf(fault.Unsupported, "x")}, windows, fault.Unsupported},
		"trouble with a file": {&remote{history: History{Commits: make([]Commit, 1)}, fileErr: fault.Errorf(fault.Unavailable, "x")}, windows, fault.Unavailable},
		"cancelled":           {&remote{history: History{Commits: make([]Commit, 1)}, fileErr: context.Canceled}, windows, fault.Unknown},
	} {
		if _, err := Of(t.Context(), test.remote, test.windows); err == nil || fault.KindOf(err) != test.want {
			t.Errorf("%s: %v, want %s", name, err, test.want)
		}
	}
}
