package fault

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"
)

func TestKindOf(t *testing.T) {
	for _, test := range []struct {
		name string
		err  error
		want Kind
	}{
		{"nil", nil, Unknown},
		{"plain", errors.New("x"), Unknown},
		{"made", Errorf(NotFound, "no %s", "repository"), NotFound},
		{"wrapped", fmt.Errorf("probe: %w", Errorf(Denied, "no")), Denied},
		{"outermost wins", Errorf(Invalid, "pack: %w", Errorf(NotFound, "x")), Invalid},
		{"deadline", fmt.Errorf("read: %w", context.DeadlineExceeded), TimedOut},
		{"classified deadline", Errorf(Unavailable, "read: %w", context.DeadlineExceeded), Unavailable},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := KindOf(test.err); got != test.want {
				t.Errorf("KindOf(%v) = %q, want %q", test.err, got, test.want)
			}
		})
	}
}

func TestPermanent(t *testing.T) {
	permanent := map[Kind]bool{
		Unknown: false, Unavailable: false, TimedOut: false,
		NotFound: true, Denied: true, Empty: true, TooLarge: true, Unsupported: true, Invalid: true, Bug: true,
	}
	for kind, want := range permanent {
		if got := kind.Permanent(); got != want {
			t.Errorf("%q.Permanent() = %v, want %v", kind, got, want)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	err := fmt.Errorf("probe: %w", &Error{Kind: Unavailable, Err: errors.New("503"), RetryAfter: 3 * time.Second})
	if got := RetryAfter(err); got != 3*time.Second {
		t.Errorf("RetryAfter = %v, want 3s", got)
	}
	if got := RetryAfter(errors.New("x")); got != 0 {
		t.Errorf("RetryAfter of a plain error = %v, want 0", got)
	}
}

func TestClip(t *testing.T) {
	for _, test := range []struct {
		text string
		most int
		want string
	}{
		{"", 3, ""},
		{"abc", 3, "abc"},
		{"abcd", 3, "abc…"},
		{"aäb", 2, "a…"}, // not half of an ä
	} {
		if got := Clip(test.text, test.most); got != test.want {
			t.Errorf("Clip(%q, %d) = %q, want %q", test.text, test.most, got, test.want)
		}
	}
}
