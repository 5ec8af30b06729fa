package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// A usageError is a mistake in how the command was called.
type usageError struct{ error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// strict has commands say what they want in this program's words, and those that
// only hold others refuse what none of them is called. Cobra shows its help then,
// and ends as if all were well.
func strict(root *cobra.Command) {
	root.InitDefaultCompletionCmd() // which it would make later, out of our reach
	root.SetHelpCommand(newHelp())
	for _, command := range root.Commands() {
		if command.Name() == "completion" {
			exemplify(command)
		}
		if command.HasSubCommands() {
			command.Args = cobra.NoArgs
			command.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
		}
	}
	eachCommand(root, func(command *cobra.Command) {
		if takes := command.Args; takes != nil {
			command.Args = func(cmd *cobra.Command, args []string) error {
				if takes(cmd, args) == nil {
					return nil
				}
				return wrongArguments(cmd, args)
			}
		}
	})
}

// exemplify gives the command for completion, and those below it, what all others
// have.
func exemplify(completion *cobra.Command) {
	completion.Example = "  source <(groma completion bash)"
	for _, shell := range completion.Commands() {
		shell.Example = "  " + completion.CommandPath() + " " + shell.Name()
	}
}

func wrongArguments(cmd *cobra.Command, args []string) error {
	if cmd.HasSubCommands() {
		return fmt.Errorf("unknown command %q for %q", args[0], cmd.CommandPath())
	}
	form := strings.TrimSuffix(cmd.CommandPath(), cmd.Name()) + cmd.Use
	switch len(args) {
	case 0:
		return fmt.Errorf("want '%s', found no argument", form)
	case 1:
		return fmt.Errorf("want '%s', found one argument", form)
	}
	return fmt.Errorf("want '%s', found %d arguments", form, len(args))
}

// newHelp is cobra's command for help, but that what nobody knows is a mistake.
func newHelp() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Show the help of a command",
		RunE: func(help *cobra.Command, args []string) error {
			cmd, rest, err := help.Root().Find(args)
			if err != nil {
				return usageError{err}
			}
			if len(rest) > 0 {
				return usageError{wrongArguments(cmd, rest)}
			}
			cmd.InitDefaultHelpFlag()
			return cmd.Help()
		},
	}
}

// hint says where to read how a command is called.
func hint(cmd *cobra.Command) string {
	return fmt.Sprintf("Run '%s --help' for how to call it.", cmd.CommandPath())
}
