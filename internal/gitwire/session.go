package gitwire

import (
	"context"
	"io"
	"net/http"

	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
)

// A session is one conversation with one repository: first its refs, then a
// pack.
type session interface {
	// advertise asks for the refs, or at least for those that say what a
	// branch is, or HEAD if it is empty. It is called once, and first.
	advertise(ctx context.Context, branch string) (*packp.AdvRefs, error)
	// fetch asks for a pack. The answer is as go-git decodes it, sideband and
	// all, and must be closed.
	fetch(context.Context, *packp.UploadPackRequest) (io.ReadCloser, error)
	// reusable reports whether fetch may be called again.
	reusable() bool
	// address is where the repository was found, if not where it was asked for.
	address() string
	// evidence is what came with the last answer.
	evidence() evidence
	close()
}

// evidence is what is known about a failure beside the error itself.
type evidence struct {
	status int         // of HTTP
	header http.Header // of HTTP
	head   []byte      // the first bytes of the answer
	stderr string      // what git said on the other side
}

// open begins a session with the repository at an address.
func (c *Client) open(ctx context.Context, a address, w *wire, s secret) (session, error) {
	switch a.scheme {
	case "http", "https":
		return c.openHTTP(a, w, s)
	case "ssh":
		return c.openSSH(ctx, a, w)
	case "git":
		return c.openGit(ctx, a, w)
	}
	return c.openLocal(a, w)
}
