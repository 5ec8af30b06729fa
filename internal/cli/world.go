package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
)

func newWorld(terminal Terminal) *cobra.Command {
	var out, mirrorFile string
	cmd := &cobra.Command{
		Use:   "world FILE",
		Short: "Serve the repositories of a world.txtar on this machine, for trying servers and workers",
		Long: `World makes the repositories of a world and serves them on loopback until it is
stopped. It writes the world's landscape to a file, and prints the --mirror with
which workers find the repositories.`,
		Example: `  groma world examples/tour/world.txtar --landscape tour.yml
  groma serve --mirror https://github.com/=http://127.0.0.1:40123/
  groma survey tour.yml --server http://127.0.0.1:8420`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return serveWorld(cmd.Context(), terminal, args[0], mirrorFile, out)
		},
	}
	cmd.Flags().StringVar(&out, "landscape", "landscape.yml", "file to write the world's landscape to")
	cmd.Flags().StringVar(&mirrorFile, "mirror-file", "", "file to write the mirror to, once it is served")
	return cmd
}

func serveWorld(ctx context.Context, terminal Terminal, path, mirrorFile, out string) error {
	given, err := readWorld(ctx, path)
	if err != nil {
		return err
	}
	defer given.close()
	if err := os.MkdirAll(filepath.Dir(out), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(out, given.sources.Landscape.Data, 0o644); err != nil {
		return err
	}
	mirror := given.mirrors[0].String()
	if mirrorFile != "" {
		if err := os.WriteFile(mirrorFile, []byte(mirror+"\n"), 0o644); err != nil {
			return err
		}
	}
	fmt.Fprintf(terminal.Out, "landscape: %s\n--mirror %s\n", out, mirror)
	<-ctx.Done()
	return nil
}
