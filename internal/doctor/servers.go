package doctor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"groma/internal/artefact"
	"groma/internal/engine"
	"groma/internal/fault"
	"groma/internal/outward"
)

// How far two clocks may be apart: S3 refuses what was signed a quarter of an
// hour ago.
const (
	apartWarning = time.Minute
	apartFailed  = 15 * time.Minute
)

// storage looks whether artefacts can be listed, kept, and never overwritten.
func storage(ctx context.Context, c Config) []Check {
	const name = "storage"
	address := c.Engine.StoreAddress()
	if c.Engine.Store == "" && c.Engine.Data == "" {
		return nil
	}
	secrets, err := c.Engine.StoreSecrets()
	if err != nil {
		return failed(name, err.Error(), "correct the file that is named")
	}
	began := c.now()
	e, err := artefact.Examine(ctx, address, secrets)
	where := artefact.Shown(address)
	if strings.HasPrefix(address, "file:") {
		return folderStorage(name, where, c.Engine.Store == "", err)
	}
	var checks []Check
	if err != nil {
		checks = failed(name, where+": "+fault.Clip(err.Error(), 500), storageAdvice(err))
	} else {
		checks = c.storageWell(name, where, took(c.now().Sub(began)), e, artefact.Exposes(address, secrets))
	}
	if e.Left != "" {
		checks = append(checks, warning("storage: probe", "one object of one byte could not be deleted: "+e.Left,
			"nothing has to be done; delete what begins with probe/ now and then, or let this key delete it")...)
	}
	if e.Told {
		checks = append(checks, storageClock(e.Clock)...)
	}
	return checks
}

// storageWell is the check of an S3 that does what it has to.
func (c Config) storageWell(name, where, took string, e artefact.Examination, exposed bool) []Check {
	var facts engine.Facts
	facts.Tell(e.TLS)
	seen := fmt.Sprintf("%s: lists, keeps, and refuses to overwrite; %s, %s in all", where, private(facts), took)
	if exposed {
		return warning(name, seen+"; who is on the way can read and change what is kept", "write https:// in the endpoint of --store, with --store-tls-ca FILE if its authority is one's own; within a network that is nobody else's, let it be")
	}
	return c.exposure(name, seen, where, false, facts)
}

func folderStorage(name, where string, embedded bool, err error) []Check {
	seen := where
	if embedded {
		seen = "embedded, in the data folder"
	}
	switch {
	case err == nil:
		return well(name, seen+": lists, keeps, and refuses to overwrite")
	case errors.Is(err, artefact.ErrReadOnly):
		return failed(name, err.Error(), writeAdvice(err, "name another with --store or --data"))
	case fault.KindOf(err) == fault.Invalid:
		return failed(name, err.Error(), "name a folder with --store file:///… or --data")
	}
	return failed(name, err.Error(), "take a folder whose file system has hard links and room")
}

// storageAdvice says what may help.
func storageAdvice(err error) string {
	if errors.Is(err, artefact.ErrReadOnly) {
		return "these keys may read but not write: let them put objects under this prefix, or give others with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
	}
	if next := engine.CertificateAdvice(err, "--store"); next != "" {
		return next
	}
	switch fault.KindOf(err) {
	case fault.Invalid:
		return "correct --store: s3://bucket/prefix?endpoint=https://host, or file:///folder"
	case fault.NotFound:
		return "make the bucket, or name another in --store"
	case fault.Denied:
		return "check the keys, that they may list the bucket, and this machine's clock; they come from AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, or else from where AWS_WEB_IDENTITY_TOKEN_FILE or AWS_SHARED_CREDENTIALS_FILE says"
	case fault.Unsupported:
		return "take an S3 that honours conditional writes (If-None-Match: * and If-Match), or a newer version of this one"
	}
	return "check that the server runs, the endpoint in --store, and firewalls and proxies on the way"
}

func storageClock(ahead time.Duration) []Check {
	const name = "storage: clock"
	apart := ahead.Abs().Round(time.Second)
	seen := "the server's clock is within a minute of this machine's"
	if apart > apartWarning {
		seen = fmt.Sprintf("the server's clock and this machine's are %s apart", apart)
	}
	const next = "set the clock that is wrong: S3 refuses requests of another time, and who was first is told by clocks"
	switch {
	case apart > apartFailed:
		return failed(name, seen, next)
	case apart > apartWarning:
		return warning(name, seen, next)
	}
	return well(name, seen)
}

// temporal looks whether there is a Temporal that surveys may run on.
func temporal(ctx context.Context, c Config) []Check {
	const name = "temporal"
	if c.Engine.Temporal == "" {
		return embeddedTemporal(ctx, name, c.Engine)
	}
	facts, err := engine.AskTemporal(ctx, c.Engine)
	if err != nil {
		return refused(name, err)
	}
	namespace := c.Engine.Namespace
	if namespace == "" {
		namespace = "default"
	}
	seen := fmt.Sprintf("%s: version %s, namespace %q, %s, answers in %s", c.Engine.Temporal, facts.Version, namespace, private(facts), took(facts.RoundTrip))
	return append(c.exposure(name, seen, c.Engine.Temporal, c.Engine.TemporalAPIKey.IsSet(), facts), payloads(facts)...)
}

// payloads says whether others can read what Temporal keeps, and whether this
// program can.
func payloads(facts engine.Facts) []Check {
	const name = "temporal: payloads"
	seen := "not sealed: who can read what Temporal keeps reads the names of repositories"
	if len(facts.Keys) > 0 {
		seen = "sealed under key " + facts.Keys[0]
		if more := facts.Keys[1:]; len(more) > 0 {
			seen += "; also opened: " + strings.Join(more, ", ")
		}
	}
	if facts.Shut != nil {
		return warning(name, seen+"; "+fault.Clip(facts.Shut.Error(), 500), "add the key of that id to the file that --temporal-payload-key-file names: that survey does not get on without it")
	}
	return well(name, seen)
}

// nats looks whether there is a NATS that keeps notices.
func nats(ctx context.Context, c Config) []Check {
	const name = "nats"
	switch c.Engine.NATS {
	case "":
		return embedded(name)
	case engine.Off:
		return well(name, "off: nobody is told what happens while it happens")
	}
	facts, err := engine.AskNATS(ctx, c.Engine)
	if err != nil {
		return refused(name, err)
	}
	stream := "has the stream of notices"
	if !facts.Stream {
		stream = "the first survey will make the stream of notices"
	}
	seen := fmt.Sprintf("%s: version %s, JetStream, %s, %s, answers in %s", engine.ShownNATS(c.Engine.NATS), facts.Version, stream, private(facts), took(facts.RoundTrip))
	login := c.Engine.NATSLogin.Token.IsSet() || c.Engine.NATSLogin.Password.IsSet()
	host := c.Engine.NATS
	if u, err := url.Parse(host); err == nil {
		host, login = u.Host, login || u.User != nil
	}
	return c.exposure(name, seen, host, login, facts)
}

// embeddedTemporal looks whether its database is one that it can go on with.
// One that is in use is.
func embeddedTemporal(ctx context.Context, name string, c engine.Config) []Check {
	if c.Data == "" || engine.Embeds() != nil || engine.Holder(c.Data) != nil {
		return embedded(name)
	}
	facts, database, err := engine.AskEmbedded(ctx, c)
	if err != nil {
		return refused(name, err)
	}
	seen := fmt.Sprintf("embedded: version %s, starts with a survey; %s", facts.Version, database)
	if facts.Ahead == 0 {
		return append(well(name, seen), payloads(facts)...)
	}
	seen += fmt.Sprintf(", which waits for another %s, since the clock was set back", facts.Ahead.Round(time.Second))
	return append(warning(name, seen, "see that the clock is right; then survey: the database is set aside, unless it has schedules or what a server was asked for. Those wait, or are forgotten if you move "+
		filepath.Join(c.Data, "temporal.db")+" away"), payloads(facts)...)
}

// embedded is the check of a server that is started when it is needed.
func embedded(name string) []Check {
	if err := engine.Embeds(); err != nil {
		return failed(name, "none is embedded in this program", err.Error())
	}
	return well(name, "embedded: starts with a survey")
}

func private(facts engine.Facts) string {
	if facts.TLS == "" {
		return "without TLS"
	}
	return facts.TLS
}

// soon is how long before its end a certificate should have been renewed.
const soon = 14 * 24 * time.Hour

// exposure looks at how private a connection is, and for how long.
func (c Config) exposure(name, seen, host string, login bool, facts engine.Facts) []Check {
	if facts.TLS == "" && login && !loopback(host) {
		return warning(name, seen+"; what proves who asks can be read on the way", "turn TLS on at the server, and give --"+name+"-tls or --"+name+"-tls-ca FILE")
	}
	if left := facts.Until.Sub(c.now()); !facts.Until.IsZero() && left < soon {
		return warning(name, fmt.Sprintf("%s; its certificate ends on %s", seen, facts.Until.UTC().Format(time.DateOnly)), "have the server's certificate renewed")
	}
	return well(name, seen)
}

// loopback says whether an address, with a port or without, is this machine's.
func loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		host = address
	}
	return outward.Loopback(host)
}

// refused tells of a server that cannot be used.
func refused(name string, err error) []Check {
	var r *engine.Refusal
	if !errors.As(err, &r) {
		return failed(name, fault.Clip(err.Error(), 500), "correct the settings that are named")
	}
	seen := r.What
	if why := r.Why(); why != "" {
		seen += ": " + why
	}
	return failed(name, seen, r.Next)
}
