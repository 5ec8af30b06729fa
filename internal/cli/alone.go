package cli

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// A command that works on storage alone asks no server, though a variable or the
// file may name one for every command. Whoever has set that may think of what the
// server keeps, so it is said, and nothing is removed.

// alone says that a command passes over the server that is named, and what it
// looks at instead, or fails if it would remove something from there.
func (s *engineSettings) alone(cmd *cobra.Command, terminal Terminal, removes bool) error {
	by, err := passedOver(cmd, terminal)
	if err != nil || by == "" {
		return err
	}
	where := s.data
	if s.store != "" {
		where = "the storage that is set as store" // whose address may be long
	}
	if removes {
		return usagef("%s names a server, and %s asks none: it would remove from %s. Say with --data or --store that this is meant; what the server keeps is removed where its storage can be reached",
			by, cmd.Name(), where)
	}
	fmt.Fprintln(terminal.Err, printableLines(fmt.Sprintf("groma: %s names a server, and %s asks none: it looks at %s. --data or --store says what is meant.", by, cmd.Name(), where)))
	return nil
}

// passedOver is what names a server that a command has no flag for. It is empty if
// nothing does, or if the command line says which storage is meant: a variable or
// a file that names it was not set for this call.
func passedOver(cmd *cobra.Command, terminal Terminal) (by string, err error) {
	meant := false
	cmd.Flags().Visit(func(flag *pflag.Flag) { // those of the command line: see settle
		meant = meant || flag.Name == "data" || flag.Name == "store"
	})
	if meant {
		return "", nil
	}
	if name := variable(serverFlag); terminal.Env(name) != "" {
		return name, nil
	}
	file, err := readConfig(cmd, terminal)
	if err != nil || !slices.ContainsFunc(file.settings[serverFlag], func(address string) bool { return address != "" }) {
		return "", err
	}
	return file.path, nil
}
