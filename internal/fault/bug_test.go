package fault

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// index panics as a parser does that trusts a length.
func index(text []byte, at int) (b byte, err error) {
	defer Catch(&err)
	return text[at], nil
}

func say(value any) (err error) {
	defer Catch(&err)
	panic(value)
}

func TestCatch(t *testing.T) {
	if b, err := index([]byte("ab"), 1); b != 'b' || err != nil {
		t.Errorf("without a panic: %q, %v", b, err)
	}
	_, err := index([]byte("ab"), 7)
	for _, want := range []string{"a bug in groma ", "index out of range [7] with length 2", "in groma/internal/fault.index, line ", "please report it"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not say %q", err, want)
		}
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("the stack is in the failure: %q", err)
	}
	wrapped := fmt.Errorf("probe: %w", err)
	if kind := KindOf(wrapped); kind != Bug || !kind.Permanent() {
		t.Errorf("its kind is %q", kind)
	}
	if stack := StackOf(wrapped); !strings.Contains(stack, "bug_test.go") || !strings.Contains(stack, "out of range [7]") {
		t.Errorf("its stack is %q", stack)
	}
	if stack := StackOf(errors.Join(nil, errors.New("x"))); stack != "" || StackOf(nil) != "" {
		t.Errorf("what is no panic has the stack %q", stack)
	}
}

// TestCatch_Words: what a panic says may be a stranger's, or a secret: it is for
// the log, and clipped, and what must not be there is taken out.
func TestCatch_Words(t *testing.T) {
	for _, value := range []any{"a stranger's word", errors.New("a stranger's word"), fmt.Errorf("%w: a stranger's word", errors.ErrUnsupported)} {
		err := say(value)
		if strings.Contains(err.Error(), "stranger") || !strings.Contains(StackOf(err), "a stranger's word") {
			t.Errorf("%v: the failure says %q, the log %.40q", value, err, StackOf(err))
		}
		Conceal(fmt.Errorf("asked: %w", err), func(text string) string { return strings.ReplaceAll(text, "stranger", "…") })
		if strings.Contains(StackOf(err), "stranger") {
			t.Errorf("%v: concealed the log says %.40q", value, StackOf(err))
		}
	}
	if n := strings.Count(StackOf(say(strings.Repeat("x", 1<<20))), "x"); n > 2*longestValue {
		t.Errorf("a panic says %d bytes", n)
	}
	Conceal(nil, nil)
}
