package stranger

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	gromav1 "groma/proto/groma/v1"
)

// remotes are cases of how a host answers.
func remotes() []*Case {
	return []*Case{
		refs("an empty repository, v2", "empty", "no commits", func(r *repository) { r.refs = nil }),
		refs("an empty repository, v0", "empty", "no commits", func(r *repository) { r.refs, r.first = nil, true }),
		refs("no HEAD, v2", "empty", "HEAD names a branch without commits; name another: main", func(r *repository) { r.refs = r.refs[1:] }),
		refs("no HEAD, v0", "empty", "HEAD names a branch without commits; name another: main", func(r *repository) { r.refs, r.first = r.refs[1:], true }),
		refs("HEAD to nothing", "empty", "HEAD names a branch without commits", func(r *repository) { r.refs, r.head = r.refs[1:], "refs/heads/gone" }),
		refs("a HEAD that names no branch", "counted", goodFigures, func(r *repository) { r.head = "" }),
		refs("a default branch called ../../etc with control characters", "counted", goodFigures, func(r *repository) { r.head = "refs/heads/../../etc\x1b[2J" }),
		refs("a default branch of 60,000 characters", "counted", goodFigures, func(r *repository) { r.head = "refs/heads/" + strings.Repeat("b", 60_000) }),
		refs("a default branch that is no branch", "counted", goodFigures, func(r *repository) { r.head = "refs/remotes/x" }),
		refs("100,000 refs, v2", "counted", goodFigures, manyRefs(100_000, false)),
		refs("100,000 refs, v0", "counted", goodFigures, manyRefs(100_000, true)),
		refs("refs whose names are control characters", "empty", "HEAD names a branch", func(r *repository) {
			r.refs = []ref{{"refs/heads/\x1b[2J\u202e", r.refs[0].of}}
		}),
		refs("objects named by SHA-256, v0", "unsupported", "SHA-256", func(r *repository) { r.first, r.can = true, " object-format=sha256" }),
		answering("objects named by SHA-256, v2", "unsupported", "SHA-256", func(w http.ResponseWriter, _ *http.Request) {
			packets(w, "version 2\n", "ls-refs\n", "fetch\n", "object-format=sha256\n")
			io.WriteString(w, "0000")
		}),
		refs("a host without partial or shallow clones, whose history is asked for", "counted", goodFigures+"; without vitals: the host cannot be asked for a commit of the past: it does not offer git's filter", func(r *repository) { r.first = true }),
		{
			Name: "a partial clone that lacks contents", Outcome: "failed", Says: "did not send the contents of a.rs",
			repository: func() *repository {
				r := good()
				r.pack = func(q question, w io.Writer) error {
					q.filter = "blob:none"
					return r.objects.pack(q, w)
				}
				return r
			},
		},
		{
			Name: "a shallow clone: parents that nobody has", Outcome: "counted", Says: goodFigures + "; 1 commits of 1 authors, bound shallow", vitals: true,
			repository: func() *repository {
				r := good()
				head := r.objects.commit(r.objects.byName[r.refs[0].of].children[0], name{7})
				r.refs = []ref{{"HEAD", head}, {"refs/heads/main", head}}
				r.honest = true
				return r
			},
		},
		endlessly("refs without end, v0", "too-large", "the list of its refs", func(w http.ResponseWriter, _ *http.Request) {
			packets(w, "# service=git-upload-pack\n")
			io.WriteString(w, "0000")
			endless(w, func(i int) string {
				can := ""
				if i == 0 {
					can = "\x00side-band-64k"
				}
				return fmt.Sprintf("%040x refs/heads/%d%s\n", i+1, i, can)
			})
		}),
		endlessly("refs without end, v2", "too-large", "the list of its refs", func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/info/refs") {
				packets(w, "version 2\n", "ls-refs\n", "fetch\n")
				io.WriteString(w, "0000")
				return
			}
			w.Header().Set("Content-Type", result)
			endless(w, func(i int) string { return fmt.Sprintf("%040x refs/heads/%d\n", i+1, i) })
		}),
		endlessly("refs without end that are few and long, v2", "too-large", "the list of its refs", func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/info/refs") {
				packets(w, "version 2\n", "ls-refs\n", "fetch\n")
				io.WriteString(w, "0000")
				return
			}
			w.Header().Set("Content-Type", result)
			long := strings.Repeat("x", 60_000)
			endless(w, func(i int) string { return fmt.Sprintf("%040x refs/heads/%d%s\n", i+1, i, long) })
		}),
		answering("an offer without end", "unavailable", "", func(w http.ResponseWriter, _ *http.Request) {
			packets(w, "version 2\n")
			endless(w, func(i int) string { return fmt.Sprintf("can-%d\n", i) })
		}),
		silent("a host that says nothing", "unavailable", "did not answer in time", func(http.ResponseWriter) {}),
		silent("a host that begins and then says nothing", "timed-out", "stopped answering", func(w http.ResponseWriter) {
			io.WriteString(w, "001e# service=git-upload-pack\n")
			w.(http.Flusher).Flush()
		}),
		{
			Name: "a host that sends a byte now and then", Outcome: "timed-out", Says: "longer than the 1s", limits: gromav1.Limits{Seconds: 1}, Time: 5 * time.Second,
			repository: func() *repository {
				return &repository{answer: func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set("Content-Type", advertisement)
					drip(w, r, "001e# service=git-upload-pack\n0000"+strings.Repeat("0", 1<<16), 50*time.Millisecond)
				}}
			},
		},
		{
			Name: "a host that tells of its progress without end", Outcome: "timed-out", Says: "longer than the 1s", limits: gromav1.Limits{Seconds: 1}, Time: 5 * time.Second,
			repository: func() *repository {
				r := good()
				r.said = func(w io.Writer) error {
					for {
						if err := packets(w, "\x02\x1b[2Jcounting\r"); err != nil {
							return err
						}
					}
				}
				return r
			},
		},
		{
			Name: "a host that says control characters and fails", Outcome: "unavailable", Says: "boom",
			repository: func() *repository {
				r := good()
				r.said = func(w io.Writer) error {
					packets(w, "\x03\x1b[2Jboom \u202e<script>"+strings.Repeat("x", 10_000))
					return io.EOF
				}
				return r
			},
		},
		{
			Name: "a host that says a great deal before its pack, v2", Outcome: "unavailable", Says: "does not come to an end", Time: 30 * time.Second, Heavy: true,
			repository: func() *repository {
				return &repository{answer: func(w http.ResponseWriter, r *http.Request) {
					one := good()
					if strings.HasSuffix(r.URL.Path, "/info/refs") {
						one.serve(w, r)
						return
					}
					asked, _ := body(r)
					w.Header().Set("Content-Type", result)
					if strings.Contains(string(asked), "ls-refs") {
						one.listRefs(w)
						return
					}
					packets(w, "shallow-info\n")
					endless(w, func(int) string { return "shallow x\n" })
				}}
			},
		},
		answering("packets whose length lies", "unavailable", "", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "fff0# service") }),
		answering("packets whose length is no number", "unavailable", "", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "zzzz# service") }),
		answering("nothing at all", "unavailable", "", func(http.ResponseWriter, *http.Request) {}),
		answering("a web page that says it is git's", "unavailable", "", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<!doctype html><html>sign in") }),
		answering("an error with control characters in it", "unavailable", "it says:", func(w http.ResponseWriter, _ *http.Request) {
			packets(w, "ERR \x1b[2J\u202egnp\x00"+strings.Repeat("x", 60_000))
		}),
		answering("a web page where git was expected", "unsupported", "a web page", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			io.WriteString(w, "<html>"+strings.Repeat("<p>", 1<<20))
		}),
		answering("JSON where git was expected", "unsupported", "application/json", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			io.WriteString(w, `{"message":"Not Found"}`)
		}),
		answering("a kind of answer with control characters", "unsupported", "no git repository", func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Content-Type"] = []string{"text/\u202e" + strings.Repeat("x", 10_000)}
			io.WriteString(w, "x")
		}),
		answering("an answer that is compressed and was not asked to be", "unavailable", "", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			z := zipped(w)
			repeat(z, 1<<30, zero)
			z.Close()
		}),
		answering("headers of 20 MB", "unavailable", "", func(w http.ResponseWriter, _ *http.Request) {
			for i := range 20 {
				w.Header().Set(fmt.Sprint("X-", i), strings.Repeat("x", 1_000_000))
			}
		}),
		redirecting("a redirect to itself", "unsupported", "redirect", func(r *http.Request) string { return r.URL.String() }),
		redirecting("redirects without end", "unsupported", "redirect", func(r *http.Request) string {
			return fmt.Sprintf("/stranger/odd/%d/info/refs?service=git-upload-pack", time.Now().UnixNano())
		}),
		redirecting("a redirect to a file", "", "", func(*http.Request) string { return "file:///etc/passwd" }),
		redirecting("a redirect to a program", "", "", func(*http.Request) string { return "ext::sh -c id" }),
		redirecting("a redirect to nowhere", "unavailable", "the connection failed", func(*http.Request) string { return "http://[::1%25lo]:0/info/refs" }),
		redirecting("a redirect with control characters", "unavailable", "malformed", func(*http.Request) string { return "http://127.0.0.1:1/\x1b[2J\x00\n/info/refs" }),
	}
}

// refs is the good repository with something odd about its refs.
func refs(what, outcome, says string, change func(*repository)) *Case {
	return &Case{
		Name: what, Outcome: outcome, Says: says, vitals: strings.Contains(says, "vitals"),
		repository: func() *repository {
			r := good()
			change(r)
			return r
		},
	}
}

func manyRefs(count int, first bool) func(*repository) {
	return func(r *repository) {
		for i := range count {
			r.refs = append(r.refs, ref{fmt.Sprintf("refs/tags/v0.%d", i), r.refs[0].of})
		}
		r.first = first
	}
}

// answering is a host that answers so, and says that it is git's.
func answering(what, outcome, says string, answer http.HandlerFunc) *Case {
	return &Case{
		Name: what, Outcome: outcome, Says: says,
		repository: func() *repository {
			return &repository{answer: func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", advertisement)
				answer(w, r)
			}}
		},
	}
}

// silent is a host that begins to answer and then says nothing. A remote may be
// still for a second here, so that one that answers at once does so in time on a
// machine that is busy, too.
func silent(what, outcome, says string, begin func(http.ResponseWriter)) *Case {
	c := answering(what, outcome, says, func(w http.ResponseWriter, r *http.Request) {
		begin(w)
		<-r.Context().Done()
	})
	c.idle, c.Time = time.Second, 10*time.Second
	return c
}

// endlessly is a host whose refs come without end.
func endlessly(what, outcome, says string, answer http.HandlerFunc) *Case {
	c := answering(what, outcome, says, answer)
	c.Heavy, c.Time, c.Memory = true, time.Minute, 448<<20
	return c
}

// redirecting is a host that sends whoever asks elsewhere.
func redirecting(what, outcome, says string, to func(*http.Request) string) *Case {
	if outcome == "" {
		outcome, says = "unsupported", "redirect"
	}
	return &Case{
		Name: what, Outcome: outcome, Says: says,
		repository: func() *repository {
			return &repository{answer: func(w http.ResponseWriter, r *http.Request) {
				w.Header()["Location"] = []string{to(r)}
				w.WriteHeader(http.StatusFound)
			}}
		},
	}
}
