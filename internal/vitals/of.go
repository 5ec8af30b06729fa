package vitals

import (
	"context"

	"groma/internal/fault"
	gromav1 "groma/proto/groma/v1"
)

// A Remote is whom a history is asked of.
type Remote interface {
	// History brings the history of the remote's head.
	History(context.Context, Ask) (*History, error)
	// RootFile brings a file of the head's top folder, or nil if there is
	// none. One that is larger than most bytes is [fault.TooLarge].
	RootFile(ctx context.Context, name string, most int64) ([]byte, error)
}

// Of asks a remote for all that vitals need, and computes them. Where its
// .mailmap cannot be had, the vitals are without it and say so. Otherwise a
// failure is the remote's; a host that cannot be asked for a history is
// [fault.Unsupported].
func Of(ctx context.Context, remote Remote, windows []Window) (*gromav1.Vitals, error) {
	if err := CheckWindows(windows); err != nil {
		return nil, fault.Errorf(fault.Invalid, "%w", err)
	}
	history, err := remote.History(ctx, Ask{Since: since(windows), Tags: Releases})
	if err != nil {
		return nil, err
	}
	var mailmap []byte
	if len(history.Commits) > 0 {
		mailmap, err = remote.RootFile(ctx, ".mailmap", mostMailmap)
	}
	switch kind := fault.KindOf(err); {
	case err == nil:
	case kind == fault.TooLarge:
		history.Bounds = append(history.Bounds, Bound{What: "mailmap", Limit: mostMailmap})
	case !kind.Permanent():
		return nil, err
	default:
		history.Bounds = append(history.Bounds, Bound{What: "mailmap"})
	}
	return Compute(history, mailmap, windows), nil
}
