package gitwire

import (
	"testing"

	"groma/internal/fault"
	"groma/internal/outward"
)

// TestGuard_Local: on behalf of others nothing of this machine is read, but for what
// its operator has mirrored there.
func TestGuard_Local(t *testing.T) {
	client := New(Config{Guard: &outward.Rules{}, Mirrors: []Mirror{{From: "https://github.com/", To: t.TempDir() + "/"}}})
	t.Cleanup(client.Close)
	for address, want := range map[string]fault.Kind{
		"/srv/a": fault.Unsupported, "file:///srv/a": fault.Unsupported, "srv/a": fault.Unsupported,
		"https://github.com/o/r": fault.NotFound, // it was looked for
	} {
		_, err := client.Probe(t.Context(), Request{Address: address})
		if fault.KindOf(err) != want {
			t.Errorf("%s: %v, want %s", address, err, want)
		}
	}
}
