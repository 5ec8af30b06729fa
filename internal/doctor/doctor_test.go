package doctor

import (
	"context"
	"crypto/md5"
	"crypto/tls"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"groma/internal/artefact"
	"groma/internal/engine"
	"groma/internal/engine/enginetest"
	"groma/internal/gitwire"
)

// laptop is where nothing is configured and all is well.
func laptop(t *testing.T) Config {
	return Config{
		Engine: engine.Config{Data: filepath.Join(t.TempDir(), "not", "yet")},
		Hosts:  func() ([]string, error) { return []string{"github.com"}, nil },
		Memory: 512 << 20, Concurrency: 4, TempDir: t.TempDir(),
		space: func(string) (int64, error) { return 100 << 30, nil },
		rooms: func() machine { return machine{processors: 2, memory: 8 << 30} },
		now:   func() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) },
	}
}

func examine(t *testing.T, c Config) map[string]Check {
	t.Helper()
	found := map[string]Check{}
	for check := range Examine(t.Context(), c) {
		if check.Seen == "" || (check.Verdict == OK) != (check.Next == "") {
			t.Errorf("%+v: want what was seen, and something to do unless it is well", check)
		}
		if _, twice := found[check.Name]; twice {
			t.Errorf("%s is there twice", check.Name)
		}
		found[check.Name] = check
	}
	return found
}

// TestExamine_ClockSetBack: a database that waits for a time to come is told, however
// often it is asked about.
func TestExamine_ClockSetBack(t *testing.T) {
	if err := engine.Embeds(); err != nil {
		t.Skip(err)
	}
	c := laptop(t)
	e, err := engine.Open(t.Context(), engine.Config{Data: c.Engine.Data, NATS: engine.Off})
	if err != nil {
		t.Fatal(err)
	}
	e.Close()
	until := time.Now().Add(time.Hour)
	if err := os.Chtimes(filepath.Join(c.Engine.Data, "temporal.db"), until, until); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if got := examine(t, c)["temporal"]; got.Verdict != Warning || !strings.Contains(got.Seen, "since the clock was set back") {
			t.Errorf("%+v", got)
		}
	}
}

func TestExamine(t *testing.T) {
	c := laptop(t)
	for name, check := range examine(t, c) {
		if check.Verdict != OK {
			t.Errorf("%s: %+v", name, check)
		}
	}
	if _, err := os.Stat(filepath.Dir(c.Engine.Data)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the data folder's parent was made: %v", err)
	}
	for _, folder := range []string{filepath.Dir(filepath.Dir(c.Engine.Data)), c.TempDir} {
		if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
			t.Errorf("%v is left in %s, %v", left, folder, err)
		}
	}
}

// TestExamine_Cluster has every server elsewhere, and well.
func TestExamine_Cluster(t *testing.T) {
	authority := enginetest.NewAuthority(t)
	secure := authority.Server(t, 90*24*time.Hour, false)
	s3 := &fakeS3{}
	c := laptop(t)
	c.now = time.Now
	c.Engine = engine.Config{
		Temporal:    (&enginetest.Temporal{}).Start(t, secure),
		TemporalTLS: engine.TLS{CA: authority.File},
		NATS:        "nats://" + enginetest.NATS(t, server.Options{TLS: true, TLSConfig: secure, JetStream: true}),
		NATSTLS:     engine.TLS{CA: authority.File},
		Store:       s3.start(t),
	}
	found := examine(t, c)
	for name, want := range map[string]string{
		"temporal":       `version 1.99.0-test, namespace "default", TLS 1.3`,
		"nats":           "the first survey will make the stream",
		"storage":        "lists, keeps, and refuses to overwrite",
		"storage: clock": "within a minute",
	} {
		if check := found[name]; check.Verdict != OK || !strings.Contains(check.Seen, want) {
			t.Errorf("%s: %+v, want %q", name, check, want)
		}
	}
	if len(s3.objects) > 0 {
		t.Errorf("left in storage: %v", s3.objects)
	}
}

// TestExamine_Broken breaks one thing at a time.
func TestExamine_Broken(t *testing.T) {
	authority := enginetest.NewAuthority(t)
	temporalPlain := (&enginetest.Temporal{}).Start(t, nil)
	temporalTLS := (&enginetest.Temporal{}).Start(t, authority.Server(t, time.Hour, false))
	other := enginetest.NewAuthority(t)
	noJetStream := "nats://" + enginetest.NATS(t, server.Options{})
	locked := readOnly(t)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		spoil   func(*Config)
		check   string
		verdict Verdict
		next    string
	}{
		"a wrong address": {func(c *Config) { c.Engine.Temporal = "nonsense" }, "settings", Failed, "correct the flag"},
		"no Temporal":     {func(c *Config) { c.Engine.Temporal = "127.0.0.1:1" }, "temporal", Failed, "nothing listens there"},
		"no namespace":    {func(c *Config) { c.Engine.Temporal, c.Engine.Namespace = temporalPlain, "other" }, "temporal", Failed, "temporal operator namespace create"},
		"wrong CA":        {func(c *Config) { c.Engine.Temporal, c.Engine.TemporalTLS.CA = temporalTLS, other.File }, "temporal", Failed, "--temporal-tls-ca"},
		"a certificate ends": {func(c *Config) {
			c.Engine.Temporal, c.Engine.TemporalTLS.CA, c.now = temporalTLS, authority.File, time.Now
		}, "temporal", Warning, "renewed"},
		"no CA file":            {func(c *Config) { c.Engine.Temporal, c.Engine.TemporalTLS.CA = temporalTLS, "none" }, "temporal", Failed, "correct the file"},
		"no NATS":               {func(c *Config) { c.Engine.NATS = "nats://127.0.0.1:1" }, "nats", Failed, "nothing listens there"},
		"JetStream off":         {func(c *Config) { c.Engine.NATS = noJetStream }, "nats", Failed, "--jetstream"},
		"no storage":            {func(c *Config) { c.Engine.Store = "s3://bucket?endpoint=http://127.0.0.1:1&region=x" }, "storage", Failed, "check that the server runs"},
		"no bucket":             {func(c *Config) { c.Engine.Store = (&fakeS3{refuse: "NoSuchBucket", status: 404}).start(t) }, "storage", Failed, "make the bucket"},
		"keys refused":          {func(c *Config) { c.Engine.Store = (&fakeS3{refuse: "InvalidAccessKeyId", status: 403}).start(t) }, "storage", Failed, "AWS_ACCESS_KEY_ID"},
		"a key that reads only": {func(c *Config) { c.Engine.Store = (&fakeS3{readOnly: true}).start(t) }, "storage", Failed, "read but not write"},
		"overwrites":            {func(c *Config) { c.Engine.Store = (&fakeS3{overwrites: true}).start(t) }, "storage", Failed, "conditional writes"},
		"overwrites in secret":  {func(c *Config) { c.Engine.Store = (&fakeS3{overwrites: true, lies: true}).start(t) }, "storage", Failed, "conditional writes"},
		"swaps anything":        {func(c *Config) { c.Engine.Store = (&fakeS3{swaps: true}).start(t) }, "storage", Failed, "conditional writes"},
		"knows no conditions":   {func(c *Config) { c.Engine.Store = (&fakeS3{unable: true}).start(t) }, "storage", Failed, "conditional writes"},
		"a key without delete":  {func(c *Config) { c.Engine.Store = (&fakeS3{keeps: true}).start(t) }, "storage: probe", Warning, "probe/"},
		"an hour apart":         {func(c *Config) { c.Engine.Store = (&fakeS3{ahead: time.Hour}).start(t) }, "storage: clock", Failed, "set the clock"},
		"minutes apart":         {func(c *Config) { c.Engine.Store = (&fakeS3{ahead: -5 * time.Minute}).start(t) }, "storage: clock", Warning, "set the clock"},
		"a wrong store":         {func(c *Config) { c.Engine.Store = "s3://bucket?colour=blue" }, "storage", Failed, "correct --store"},
		"data not writable":     {func(c *Config) { c.Engine.Data = filepath.Join(locked(t), "data") }, "data folder", Failed, "made writable"},
		"storage not writable":  {func(c *Config) { c.Engine.Store = "file://" + locked(t) }, "storage", Failed, "made writable"},
		"data is a file":        {func(c *Config) { c.Engine.Data = filepath.Join(file, "data") }, "data folder", Failed, "--data"},
		"temporary not there":   {func(c *Config) { c.TempDir = filepath.Join(file, "tmp") }, "temporary files", Failed, "TMPDIR"},
		"disk full":             {func(c *Config) { c.space = func(string) (int64, error) { return 1 << 20, nil } }, "data folder", Failed, "free some"},
		"disk nearly full":      {func(c *Config) { c.space = func(string) (int64, error) { return 1 << 30, nil } }, "temporary files", Warning, "TMPDIR"},
		"little memory":         {func(c *Config) { c.Memory = 64 << 30 }, "memory and processors", Warning, "less --memory"},
		"little for each":       {func(c *Config) { c.Concurrency = 1000 }, "memory and processors", Warning, "less --concurrency"},
		"no clock":              {func(c *Config) { c.now = func() time.Time { return time.Unix(0, 0) } }, "clock", Failed, "set this machine's clock"},
		"no token file":         {func(c *Config) { c.Hosts = func() ([]string, error) { return nil, errors.New("token file: none") } }, "git credentials", Failed, "correct the file"},
		"no remote":             {func(c *Config) { c.Git, c.Remote = gitwire.New(gitwire.Config{}), "http://127.0.0.1:1/o/n" }, "remote", Failed, "network"},
	} {
		t.Run(name, func(t *testing.T) {
			c := laptop(t)
			test.spoil(&c)
			check := examine(t, c)[test.check]
			if check.Verdict != test.verdict || !strings.Contains(check.Next, test.next) {
				t.Errorf("%+v, want it %s, and next %q", check, test.verdict, test.next)
			}
		})
	}
}

// readOnly makes folders that nothing can be written to: also for root, whom
// permissions do not hold, there is /sys.
func readOnly(t *testing.T) func(*testing.T) string {
	return func(t *testing.T) string {
		if os.Getuid() == 0 {
			return "/sys"
		}
		folder := t.TempDir()
		if err := os.Chmod(folder, 0o500); err != nil {
			t.Fatal(err)
		}
		return folder
	}
}

// TestExamine_Held: a data folder in use is no failure, and stays in use.
func TestExamine_Held(t *testing.T) {
	c := laptop(t)
	c.Engine.NATS = engine.Off
	running := c.Engine
	running.Temporal, running.NATS = (&enginetest.Temporal{}).Start(t, nil), ""
	e, err := engine.Open(t.Context(), running)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	check := examine(t, c)["data folder"]
	if want := fmt.Sprintf("in use by another groma (process %d)", os.Getpid()); check.Verdict != OK || !strings.Contains(check.Seen, want) {
		t.Errorf("%+v, want %q", check, want)
	}
	if _, err := engine.Open(t.Context(), running); err == nil {
		t.Error("the folder is not held any more")
	}
}

// TestExamine_Secrets plants marked words and looks for them in all that is said.
func TestExamine_Secrets(t *testing.T) {
	const mark = "marked"
	for _, c := range []engine.Config{
		{Temporal: "127.0.0.1:1", TemporalAPIKey: engine.SecretText(mark), NATS: "nats://u:" + mark + "@127.0.0.1:1", Store: "s3://u:" + mark + "@bucket"},
		{Temporal: (&enginetest.Temporal{Key: "other"}).Start(t, nil), NATS: "nats://" + mark + "@" + enginetest.NATS(t, server.Options{Authorization: "other"}),
			Store: (&fakeS3{refuse: "AccessDenied", status: 403}).start(t), Secrets: artefact.Secrets{AccessKey: mark, SecretKey: mark, SessionToken: mark}},
	} {
		config := laptop(t)
		config.Engine, config.Git, config.Remote = c, gitwire.New(gitwire.Config{}), "http://u:"+mark+"@127.0.0.1:1/o/n"
		for name, check := range examine(t, config) {
			if strings.Contains(check.Seen+check.Next, mark) {
				t.Errorf("%s shows a secret: %+v", name, check)
			}
		}
	}
}

// TestExamine_Ends: nobody waits for what is not wanted any more.
func TestExamine_Ends(t *testing.T) {
	c := laptop(t)
	silent, free := make(chan struct{}), make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { close(silent); <-free }))
	defer s.Close()
	defer close(free)
	c.Engine.Store = "s3://bucket?region=x&endpoint=" + s.URL
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-silent; cancel() }()
	began := time.Now()
	for range Examine(ctx, c) {
	}
	if took := time.Since(began); took > patience/2 {
		t.Errorf("it took %s to stop", took)
	}
}

// fakeS3 is as much of an S3 as an examination asks for, with what is wrong
// with it.
type fakeS3 struct {
	refuse     string // code of every answer
	status     int
	readOnly   bool          // writes are forbidden
	keeps      bool          // deletions are forbidden
	overwrites bool          // conditions are not looked at
	lies       bool          // …and yet it says that they were
	swaps      bool          // of conditions only If-Match is not looked at
	unable     bool          // conditions are not implemented
	ahead      time.Duration // of its clock

	mu      sync.Mutex
	objects map[string][]byte
}

func (f *fakeS3) start(t *testing.T) (address string) {
	t.Helper()
	f.objects = map[string][]byte{}
	s := httptest.NewServer(f)
	t.Cleanup(s.Close)
	return "s3://bucket/prefix?region=x&endpoint=" + s.URL
}

// startTLS is start over TLS.
func (f *fakeS3) startTLS(t *testing.T, config *tls.Config) (address string) {
	t.Helper()
	f.objects = map[string][]byte{}
	s := httptest.NewUnstartedServer(f)
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // which hears of each handshake that fails
	s.TLS = config
	s.StartTLS()
	t.Cleanup(s.Close)
	return "s3://bucket/prefix?region=x&endpoint=" + s.URL
}

// TestExamine_StorageTLS asks an S3 of a private authority.
func TestExamine_StorageTLS(t *testing.T) {
	authority, other := enginetest.NewAuthority(t), enginetest.NewAuthority(t)
	const long = 30 * 24 * time.Hour
	certificate, key := authority.Issue(t, "client", time.Hour)
	trusting := engine.TLS{CA: authority.File}
	for name, test := range map[string]struct {
		server     *tls.Config
		tls        engine.TLS
		verdict    Verdict
		seen, next string
	}{
		"trusted":             {authority.Server(t, long, false), trusting, OK, "TLS 1.3", ""},
		"mutual":              {authority.Server(t, long, true), engine.TLS{CA: authority.File, Certificate: certificate, Key: key}, OK, "TLS 1.3", ""},
		"another name":        {authority.Server(t, long, false), engine.TLS{CA: authority.File, ServerName: "server.example.org"}, OK, "TLS 1.3", ""},
		"ends soon":           {authority.Server(t, time.Hour, false), trusting, Warning, "its certificate ends on", "renewed"},
		"ended":               {authority.Server(t, -time.Hour, false), trusting, Failed, "expired", "have it renewed"},
		"the system's roots":  {authority.Server(t, long, false), engine.TLS{}, Failed, "unknown authority", "--store-tls-ca"},
		"another authority":   {authority.Server(t, long, false), engine.TLS{CA: other.File}, Failed, "unknown authority", "--store-tls-ca"},
		"not of that name":    {authority.Server(t, long, false), engine.TLS{CA: authority.File, ServerName: "s3.example.org"}, Failed, "s3.example.org", "--store-tls-server-name"},
		"no certificate":      {authority.Server(t, long, true), trusting, Failed, "certificate", "--store-tls-cert"},
		"no file":             {authority.Server(t, long, false), engine.TLS{CA: "none"}, Failed, "none", "correct the file"},
		"a certificate alone": {authority.Server(t, long, false), engine.TLS{Certificate: certificate}, Failed, "belong together", "correct the file"},
	} {
		c := laptop(t)
		c.now = time.Now
		c.Engine.Store, c.Engine.StoreTLS = (&fakeS3{}).startTLS(t, test.server), test.tls
		check := examine(t, c)["storage"]
		if check.Verdict != test.verdict || !strings.Contains(check.Seen, test.seen) || !strings.Contains(check.Next, test.next) {
			t.Errorf("%s: %+v, want it %s, with %q, and next %q", name, check, test.verdict, test.seen, test.next)
		}
	}
}

func (f *fakeS3) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	w.Header().Set("Date", time.Now().Add(f.ahead).UTC().Format(http.TimeFormat))
	object, there := f.objects[r.URL.Path]
	switch {
	case f.refuse != "":
		f.fail(w, f.status, f.refuse)
	case r.Method == http.MethodPut:
		f.put(w, r, object, there)
	case r.Method == http.MethodDelete && f.keeps:
		f.fail(w, http.StatusForbidden, "AccessDenied")
	case r.Method == http.MethodDelete:
		delete(f.objects, r.URL.Path)
		w.WriteHeader(http.StatusNoContent)
	case r.URL.Query().Has("list-type"):
		io.WriteString(w, `<ListBucketResult><Name>bucket</Name><IsTruncated>false</IsTruncated></ListBucketResult>`)
	case !there:
		f.fail(w, http.StatusNotFound, "NoSuchKey")
	default:
		w.Header().Set("ETag", tag(object))
		w.Header().Set("Last-Modified", time.Now().UTC().Format(http.TimeFormat))
		w.Write(object)
	}
}

func (f *fakeS3) put(w http.ResponseWriter, r *http.Request, object []byte, there bool) {
	body, _ := io.ReadAll(r.Body)
	match := r.Header.Get("If-Match")
	conditional := match != "" || r.Header.Get("If-None-Match") == "*"
	broken := r.Header.Get("If-None-Match") == "*" && there || match != "" && match != tag(object) && !f.swaps
	switch {
	case f.readOnly:
		f.fail(w, http.StatusForbidden, "AccessDenied")
		return
	case f.unable && conditional:
		f.fail(w, http.StatusNotImplemented, "NotImplemented")
		return
	case broken && !f.overwrites:
		f.fail(w, http.StatusPreconditionFailed, "PreconditionFailed")
		return
	}
	f.objects[r.URL.Path] = body
	if broken && f.lies {
		f.fail(w, http.StatusPreconditionFailed, "PreconditionFailed")
		return
	}
	w.Header().Set("ETag", tag(body))
}

func tag(object []byte) string { return fmt.Sprintf("%q", fmt.Sprintf("%x", md5.Sum(object))) }

func (f *fakeS3) fail(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	_ = xml.NewEncoder(w).Encode(struct {
		XMLName xml.Name `xml:"Error"`
		Code    string
		Message string
	}{Code: code, Message: code})
}
