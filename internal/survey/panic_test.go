package survey

import (
	"context"
	"strings"
	"testing"

	"groma/internal/artefact"
	"groma/internal/census"
	"groma/internal/fault"
)

// brittle is a store that has a bug where it reads censuses.
type brittle struct{ artefact.Store }

func (b brittle) Get(ctx context.Context, key string) ([]byte, error) {
	if strings.HasPrefix(key, "census/") {
		panic("a bug of the store's")
	}
	return b.Store.Get(ctx, key)
}

// TestVerify_Panics: rows are looked at on goroutines of their own.
func TestVerify_Panics(t *testing.T) {
	_, err := Verify(t.Context(), brittle{verifiable(t)}, VerifyRequest{Survey: id, Files: census.Files})
	if fault.KindOf(err) != fault.Bug || fault.StackOf(err) == "" {
		t.Errorf("it is %v, want a bug", err)
	}
}
