package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// A Cluster is what deploy/local/cluster starts: Temporal, NATS, S3, a server
// that counts nothing, and workers.
type Cluster struct {
	Script   string // deploy/local/cluster
	Groma    string // program
	Data     string // folder
	PortBase int    // first of its ports
	Server   string // its address, once it is up
}

// Up starts so many workers, with these flags, and all that they need, and
// waits until they are ready. Then its caller has it down again.
func (c *Cluster) Up(ctx context.Context, workers int, flags ...string) error {
	args := []string{"--workers", strconv.Itoa(workers), "--port-base", strconv.Itoa(c.PortBase), "--"}
	if _, err := c.Call(ctx, "up", append(args, flags...)...); err != nil {
		_ = c.Down() // of what had begun when it was interrupted; else there is none
		return err
	}
	said, err := c.Call(ctx, "env")
	if err != nil {
		return errors.Join(err, c.Down())
	}
	if c.Server = variable(said, "GROMA_SERVER"); c.Server == "" {
		return errors.Join(fmt.Errorf("%s env says no server: %s", c.Script, said), c.Down())
	}
	return nil
}

// variable is the value of one of the lines "export NAME=VALUE".
func variable(lines, name string) string {
	for line := range strings.Lines(lines) {
		if value, ok := strings.CutPrefix(strings.TrimSpace(line), "export "+name+"="); ok {
			return value
		}
	}
	return ""
}

// Call calls the script and returns what it prints.
func (c *Cluster) Call(ctx context.Context, command string, args ...string) (string, error) {
	cmd := Command(ctx, c.Script, append([]string{command, "--data", c.Data}, args...)...)
	cmd.Env = append(cmd.Env, "GROMA_BINARY="+c.Groma, "GROMA_WORKER_FLAGS=")
	return Output(cmd)
}

// Down stops the cluster and deletes what it kept, whoever wants to stop.
func (c *Cluster) Down() error {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	_, err := c.Call(ctx, "down", "--delete")
	return err
}

// Names are those of its processes.
func (c *Cluster) Names() ([]string, error) {
	entries, err := os.ReadDir(c.folder())
	names := []string{}
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names, err
}

// Process is the id of the process that has a name, as the script keeps it.
func (c *Cluster) Process(name string) (id int, err error) {
	text, err := os.ReadFile(filepath.Join(c.folder(), name))
	if err != nil {
		return 0, err
	}
	_, err = fmt.Sscan(string(text), &id)
	return id, err
}

func (c *Cluster) folder() string { return filepath.Join(c.Data, "run") }
