package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"groma/internal/tally"
)

func newVersion(terminal Terminal) *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version, and the method by which lines are counted",
		Example: "  groma version",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			fmt.Fprintf(terminal.Out, "groma %s, %s, method %s\n", version(), runtime.Version(), tally.Method(defaultFile))
			return nil
		},
	}
}

func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(unknown)"
	}
	return info.Main.Version
}
