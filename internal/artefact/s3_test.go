package artefact

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
)

// aServer is an S3 of one object with an answer of its own to every write.
type aServer struct {
	status int // of the answer to a write
	code   string
	tags   []string // of the object, one a read; the last stays
	bodies []string
	reads  int
	wanted []string // what If-Match said
	sum    string   // the checksum of the object, empty for none
}

func (s *aServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Query().Has("list-type"):
		io.WriteString(w, `<ListBucketResult><Name>bucket</Name><IsTruncated>false</IsTruncated>
			<Contents><Key>p/a/.x.json.sgwtmp.17</Key></Contents><Contents><Key>p/a/folder/</Key></Contents><Contents><Key>p/a/x.json</Key></Contents></ListBucketResult>`)
	case r.Method == http.MethodPut:
		s.wanted = append(s.wanted, r.Header.Get("If-Match"))
		if s.status == http.StatusOK || s.status == http.StatusPreconditionFailed && r.Header.Get("If-Match") == `"now"` {
			w.Header().Set("ETag", `"new"`)
			return
		}
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(s.status)
		fmt.Fprintf(w, "<Error><Code>%s</Code></Error>", s.code)
	default:
		at := min(s.reads, len(s.tags)-1)
		s.reads++
		w.Header().Set("ETag", `"`+s.tags[at]+`"`)
		if s.sum != "" {
			w.Header().Set("X-Amz-Meta-Groma-Sha256", s.sum)
		}
		w.Header().Set("Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT")
		io.WriteString(w, s.bodies[at])
	}
}

func (s *aServer) start(t *testing.T) *S3 {
	t.Helper()
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	store, err := connectS3(S3Config{Endpoint: server.Listener.Addr().String(), Plain: true, Region: "x", Bucket: "bucket", Prefix: "p", Secrets: Secrets{AccessKey: "a", SecretKey: "s"}}, nil, 1)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func TestS3_Swap(t *testing.T) {
	for name, test := range map[string]struct {
		server  aServer
		changed bool // else it succeeds or fails otherwise
		fails   bool
		wanted  []string
	}{
		"swapped":                     {aServer{status: 200, tags: []string{"now"}, bodies: []string{"x"}}, false, false, []string{`"now"`}},
		"changed before":              {aServer{status: 200, tags: []string{"now"}, bodies: []string{"y"}}, true, true, nil},
		"changed in between":          {aServer{status: 412, code: "PreconditionFailed", tags: []string{"old", "new"}, bodies: []string{"x", "y"}}, true, true, []string{`"old"`}},
		"another writes now":          {aServer{status: 409, code: "ConditionalRequestConflict", tags: []string{"a"}, bodies: []string{"x"}}, true, true, []string{`"a"`}},
		"gone in between":             {aServer{status: 404, code: "NoSuchKey", tags: []string{"a"}, bodies: []string{"x"}}, true, true, []string{`"a"`}},
		"no bucket":                   {aServer{status: 404, code: "NoSuchBucket", tags: []string{"a"}, bodies: []string{"x"}}, false, true, []string{`"a"`}},
		"may not":                     {aServer{status: 403, code: "AccessDenied", tags: []string{"a"}, bodies: []string{"x"}}, false, true, []string{`"a"`}},
		"bytes newer than their ETag": {aServer{status: 412, code: "PreconditionFailed", tags: []string{"before", "now"}, bodies: []string{"x"}}, false, false, []string{`"before"`, `"now"`}},
	} {
		t.Run(name, func(t *testing.T) {
			for len(test.server.bodies) < len(test.server.tags) {
				test.server.bodies = append(test.server.bodies, test.server.bodies[0])
			}
			err := test.server.start(t).Swap(t.Context(), "a/x.json", []byte("x"), []byte("z"))
			if (err != nil) != test.fails || errors.Is(err, ErrChanged) != test.changed || !slices.Equal(test.server.wanted, test.wanted) {
				t.Errorf("Swap: %v; it wanted %v", err, test.server.wanted)
			}
		})
	}
}

// TestS3_Create: only what says that the key is in use is ErrExists; to take
// anything else for it would leave nothing kept.
func TestS3_Create(t *testing.T) {
	for name, test := range map[string]struct {
		server aServer
		exists bool // else it succeeds or fails otherwise
		fails  bool
	}{
		"kept":                 {aServer{status: 200}, false, false},
		"in use":               {aServer{status: 412, code: "PreconditionFailed"}, true, true},
		"another writes now":   {aServer{status: 409, code: "ConditionalRequestConflict"}, true, true},
		"a folder that goes":   {aServer{status: 409, code: "ExistingObjectIsDirectory"}, false, true},
		"its folder went away": {aServer{status: 404, code: "NoSuchKey"}, false, true},
		"may not":              {aServer{status: 403, code: "AccessDenied"}, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			err := test.server.start(t).Create(t.Context(), "a/x.json", []byte("x"))
			if (err != nil) != test.fails || errors.Is(err, ErrExists) != test.exists {
				t.Errorf("Create: %v", err)
			}
		})
	}
}

// TestS3_Damaged: an object that has another checksum than it came with is read
// once more, and then refused.
func TestS3_Damaged(t *testing.T) {
	for name, test := range map[string]struct {
		server  aServer
		checked bool
		damaged bool
		reads   int
	}{
		"whole":               {aServer{bodies: []string{"x"}, sum: sumOf([]byte("x"))}, true, false, 1},
		"without a checksum":  {aServer{bodies: []string{"x"}}, false, false, 1},
		"damaged on its way":  {aServer{bodies: []string{"y", "x"}, sum: sumOf([]byte("x"))}, true, false, 2},
		"damaged":             {aServer{bodies: []string{"y", "y"}, sum: sumOf([]byte("x"))}, true, true, 2},
		"checksum is damaged": {aServer{bodies: []string{"x", "x"}, sum: "0"}, true, true, 2},
	} {
		t.Run(name, func(t *testing.T) {
			test.server.tags = make([]string, len(test.server.bodies))
			data, checked, err := Checked(t.Context(), test.server.start(t), "a/x.json")
			if errors.Is(err, ErrDamaged) != test.damaged || (err == nil) != (string(data) == "x") || checked != test.checked || test.server.reads != test.reads {
				t.Errorf("%q, checked %v, %d reads: %v", data, checked, test.server.reads, err)
			}
		})
	}
}

// TestS3_List: what a server leaves that was killed, and what people make
// beside, is no key.
func TestS3_List(t *testing.T) {
	var keys bytes.Buffer
	for key, err := range (&aServer{}).start(t).List(t.Context(), "a/") {
		fmt.Fprintln(&keys, key, err)
	}
	if got, want := keys.String(), "a/x.json <nil>\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
