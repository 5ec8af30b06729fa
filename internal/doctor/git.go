package doctor

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"groma/internal/fault"
	"groma/internal/gitwire"
)

// mostHosts is how many hosts are named.
const mostHosts = 10

// credentials says which hosts there are some for. None is no mistake.
func credentials(_ context.Context, c Config) []Check {
	const name = "git credentials"
	if c.Hosts == nil {
		return nil
	}
	hosts, err := c.Hosts()
	switch {
	case err != nil:
		return failed(name, err.Error(), "correct the file that is named")
	case len(hosts) == 0:
		return well(name, "none: hosts are asked anonymously, which does for public repositories")
	case len(hosts) > mostHosts:
		return well(name, fmt.Sprintf("for %s and %d more", strings.Join(hosts[:mostHosts], ", "), len(hosts)-mostHosts))
	}
	return well(name, "for "+strings.Join(hosts, ", "))
}

// remote asks a repository which commit it has, and no more.
func remote(ctx context.Context, c Config) []Check {
	const name = "remote"
	if c.Remote == "" {
		return nil
	}
	where, began := shown(c.Remote), c.now()
	r, err := c.Git.Probe(ctx, gitwire.Request{Address: c.Remote})
	if err != nil {
		return failed(name, fault.Clip(err.Error(), 500), remoteAdvice(err)) // which names it
	}
	defer r.Close()
	seen := fmt.Sprintf("%s at %s, protocol v%d, answers in %s", where, r.Head.Commit[:min(12, len(r.Head.Commit))], r.Version(), took(c.now().Sub(began)))
	if r.MovedTo != "" {
		return warning(name, seen+", moved to "+shown(r.MovedTo), "nothing has to be done; name the new address in the landscape")
	}
	if !r.HandsOutBlobs() {
		return warning(name, seen+", no partial clone",
			"nothing has to be done; without it there are no vitals of its repositories and no --as-of, and a new commit travels whole (git's uploadpack.allowFilter, at the host)")
	}
	return well(name, seen+", partial clone")
}

func remoteAdvice(err error) string {
	switch fault.KindOf(err) {
	case fault.Denied:
		return "check the credentials of that host"
	case fault.NotFound:
		return "check the address; if it is private, give credentials for that host"
	case fault.Empty:
		return "it answers, but has no commits: try another"
	case fault.Unsupported, fault.Invalid:
		return "give an https, ssh or git address of a git repository"
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return "it takes too long: check the network, proxies (HTTPS_PROXY) and --mirror"
	}
	return "check the network, proxies (HTTPS_PROXY) and --mirror, and try again"
}
