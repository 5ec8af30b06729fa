// Package doctor says what is missing before it is missed.
//
// It looks at everything that a survey needs, or at a server, one [Check] each, and every check
// that is not well says what to do next. It starts no engine, leaves nothing
// behind that it can take away again, disturbs no survey that is running, and
// says of a secret at most whom it is for.
package doctor

import (
	"context"
	"iter"
	"net/url"
	"time"

	"groma/internal/engine"
	"groma/internal/gitwire"
)

// A Verdict is what comes of a check.
type Verdict string

const (
	OK      Verdict = "ok"
	Warning Verdict = "warning" // a survey can be made, but something may go wrong
	Failed  Verdict = "failed"  // no survey can be made
)

// A Check is one thing that was looked at.
type Check struct {
	// Name is of lower-case words, and the same for ever.
	Name    string  `json:"name"`
	Verdict Verdict `json:"verdict"`
	// Seen is what was found, in one line.
	Seen string `json:"seen"`
	// Next is what to do about it; empty if it is well.
	Next string `json:"next,omitempty"`
}

// A Config says what a survey would be made with.
type Config struct {
	// Server is what is looked at instead of everything that it has; nil for
	// none.
	Server *Server
	Engine engine.Config
	// Hosts returns those that there are git credentials for.
	Hosts func() ([]string, error)
	// Git asks Remote, the address of a repository; empty asks none.
	Git    *gitwire.Client
	Remote string
	// Memory is what all censuses at once may hold, in bytes, and Concurrency
	// how many there are at once.
	Memory      int64
	Concurrency int
	// Beside is what the program takes in memory beside them, in bytes.
	Beside int64
	// TempDir is where large packs go; empty means the system's.
	TempDir string

	// For tests: nil asks this machine.
	now   func() time.Time
	space func(folder string) (free int64, err error)
	rooms func() machine
}

// patience is how long one check may take.
const patience = 10 * time.Second

// Examine makes all checks at once and yields them in the order in which one
// would want to know. It ends early if ctx does.
func Examine(ctx context.Context, c Config) iter.Seq[Check] {
	return func(yield func(Check) bool) {
		c = c.filled()
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		var pending []chan []Check
		for _, check := range c.checks() {
			done := make(chan []Check, 1)
			pending = append(pending, done)
			go func() {
				ctx, cancel := context.WithTimeout(ctx, patience)
				defer cancel()
				done <- check(ctx, c)
			}()
		}
		for _, done := range pending {
			for _, check := range <-done {
				if !yield(check) {
					return
				}
			}
		}
	}
}

// checks are all there are. Each yields none where there is nothing to look at.
var checks = []func(context.Context, Config) []Check{
	settings, dataFolder, temporaryFiles, storage, temporal, nats, clock, room, credentials, remote,
}

// checks are those that there are for c.
func (c Config) checks() []func(context.Context, Config) []Check {
	if c.Server != nil {
		return []func(context.Context, Config) []Check{api, clock}
	}
	return checks
}

func (c Config) filled() Config {
	if c.now == nil {
		c.now = time.Now
	}
	if c.space == nil {
		c.space = freeSpace
	}
	if c.rooms == nil {
		c.rooms = thisMachine
	}
	return c
}

func well(name, seen string) []Check { return []Check{{Name: name, Verdict: OK, Seen: seen}} }

func warning(name, seen, next string) []Check {
	return []Check{{Name: name, Verdict: Warning, Seen: seen, Next: next}}
}

func failed(name, seen, next string) []Check {
	return []Check{{Name: name, Verdict: Failed, Seen: seen, Next: next}}
}

// settings are what is wrong in themselves, before anything is asked.
func settings(_ context.Context, c Config) []Check {
	if err := c.Engine.Validate(); err != nil {
		return failed("settings", err.Error(), "correct the flag, the variable or the file that is named; 'groma doctor --help' has them all")
	}
	return well("settings", "they fit together")
}

// shown is an address without what should not be shown.
func shown(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "the address"
	}
	if u.User != nil {
		u.User = url.User("redacted")
	}
	return u.String()
}
