package cli

import (
	_ "embed"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"groma/internal/tally"
)

// licences are the terms of what this program is linked of. They are within
// it, since most of them have to be wherever it is, and nobody then has to
// think of a file beside it.
//
//go:embed licences.txt
var licences string

func newVersion(terminal Terminal) *cobra.Command {
	withTexts := false
	cmd := &cobra.Command{
		Use:     "version",
		Short:   "Print the version, and the method by which lines are counted",
		Example: "  groma version\n  groma version --licences",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if withTexts {
				_, err := io.WriteString(terminal.Out, licences)
				return err
			}
			fmt.Fprintf(terminal.Out, "groma %s, %s, method %s\n", version(), runtime.Version(), tally.Method(defaultFile))
			return nil
		},
	}
	cmd.Flags().BoolVar(&withTexts, "licences", false, "print the licences of all that the program is linked of")
	return cmd
}

func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(unknown)"
	}
	return info.Main.Version
}
