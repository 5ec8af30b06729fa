package bench

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// fake is a script that writes down what it is asked, and says that a server is up.
const fake = `#!/bin/sh
echo "$GROMA_BINARY $*" >>"$0.asked"
case $1 in
up) mkdir -p "$3/run" && printf '17\n4711\n' >"$3/run/nats" ;;
env) printf 'export A=b\nexport GROMA_SERVER=%s\n' "$(cat "$0.server")" ;;
esac
`

func fakeCluster(t *testing.T, server string) (c *Cluster, asked func() string) {
	t.Helper()
	folder := t.TempDir()
	c = &Cluster{Script: filepath.Join(folder, "cluster"), Groma: "groma", Data: filepath.Join(folder, "data"), PortBase: 100}
	for path, text := range map[string]string{c.Script: fake, c.Script + ".server": server} {
		if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return c, func() string {
		text, err := os.ReadFile(c.Script + ".asked")
		if err != nil {
			t.Fatal(err)
		}
		return strings.ReplaceAll(string(text), c.Data, "DATA")
	}
}

func TestCluster(t *testing.T) {
	c, asked := fakeCluster(t, "http://127.0.0.1:1")
	if err := c.Up(t.Context(), 3, "--concurrency", "2"); err != nil {
		t.Fatal(err)
	}
	if c.Server != "http://127.0.0.1:1" {
		t.Errorf("the server is %q", c.Server)
	}
	if names, err := c.Names(); err != nil || !slices.Equal(names, []string{"nats"}) {
		t.Errorf("the processes are %q, %v", names, err)
	}
	if id, err := c.Process("nats"); err != nil || id != 17 {
		t.Errorf("nats is process %d, %v, want 17", id, err)
	}
	if err := c.Down(); err != nil {
		t.Fatal(err)
	}
	const want = `groma up --data DATA --workers 3 --port-base 100 -- --concurrency 2
groma env --data DATA
groma down --data DATA --delete
`
	if got := asked(); got != want {
		t.Errorf("the script is asked\n%swant\n%s", got, want)
	}
}

// TestCluster_Error: one that says no server is no cluster, and is down again.
func TestCluster_Error(t *testing.T) {
	c, asked := fakeCluster(t, "")
	if err := c.Up(t.Context(), 1); err == nil || !strings.Contains(err.Error(), "no server") {
		t.Errorf("a cluster without a server is up: %v", err)
	}
	if got := asked(); !strings.HasSuffix(got, "groma down --data DATA --delete\n") {
		t.Errorf("it is not down:\n%s", got)
	}
}
