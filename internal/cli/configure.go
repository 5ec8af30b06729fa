package cli

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"
)

// A setting is found under one name in three places, of which the first that
// has it counts: the flag --nats-tls-ca, the variable GROMA_NATS_TLS_CA, and
// nats-tls-ca in the file that --config names.

// configFlag names the file.
const configFlag = "config"

// withoutVariable are flags that are for one call: a variable or a file would
// have every call do what one was asked for.
var withoutVariable = []string{
	"help", "json", "markdown", "verbose", "format", "language", "commit", "files", "detach", "recount", "as-of", "paused", "cron", "every",
	"edition", "editions", "yes", "seed", "licences",
}

// configure sets the flags of a command that are not given from variables and
// the file. What a file has for other commands is passed over; what no command
// knows is refused.
func configure(cmd *cobra.Command, terminal Terminal) error {
	file, err := readConfig(cmd, terminal)
	if err != nil {
		return err
	}
	known := knownFlags(cmd.Root())
	for _, name := range file.names() {
		if !known[name] {
			return usagef("%s: no command has a setting %q; 'groma serve --help' and 'groma worker --help' list them", file.path, name)
		}
	}
	var errs []error
	cmd.Flags().VisitAll(func(flag *pflag.Flag) {
		if flag.Changed || slices.Contains(withoutVariable, flag.Name) || flag.Name == configFlag {
			return
		}
		errs = append(errs, settle(flag, terminal, file))
	})
	return errors.Join(errs...)
}

// settle gives one flag the value of its variable, or else the file's. To the set
// that the flag is of it was not given: see passedOver.
func settle(flag *pflag.Flag, terminal Terminal, file configFile) error {
	if value := terminal.Env(variable(flag.Name)); value != "" {
		if err := flag.Value.Set(value); err != nil {
			return usagef("%s: %w", variable(flag.Name), err)
		}
		flag.Changed = true
		return nil
	}
	for _, value := range file.settings[flag.Name] {
		if err := flag.Value.Set(value); err != nil {
			return usagef("%s: %s: %w", file.path, flag.Name, err)
		}
		flag.Changed = true
	}
	return nil
}

// variable is the name of the variable that stands for a flag: GROMA_NATS_TLS_CA
// for --nats-tls-ca.
func variable(flag string) string {
	return "GROMA_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// A configFile has the values of each setting, in order.
type configFile struct {
	path     string
	settings map[string][]string
}

func (f configFile) names() []string {
	names := make([]string, 0, len(f.settings))
	for name := range f.settings {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// readConfig reads the file that --config or GROMA_CONFIG names, if any.
func readConfig(cmd *cobra.Command, terminal Terminal) (configFile, error) {
	path := terminal.Env(variable(configFlag))
	if flag := cmd.Flags().Lookup(configFlag); flag != nil && flag.Changed {
		path = flag.Value.String()
	}
	if path == "" {
		return configFile{}, nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return configFile{}, usagef("--config: %w", err)
	}
	settings, err := parseConfig(data)
	if err != nil {
		return configFile{}, usagef("--config %s: %w", path, err)
	}
	return configFile{path: path, settings: settings}, nil
}

// parseConfig reads a mapping of names to a value each, or to a list of them.
func parseConfig(data []byte) (map[string][]string, error) {
	var nodes map[string]yaml.Node
	if err := yaml.Unmarshal(data, &nodes); err != nil {
		return nil, errors.New(strings.TrimPrefix(err.Error(), "yaml: "))
	}
	settings := map[string][]string{}
	for name, node := range nodes {
		values := []*yaml.Node{&node}
		if node.Kind == yaml.SequenceNode {
			values = node.Content
		}
		for _, value := range values {
			if value.Kind != yaml.ScalarNode {
				return nil, fmt.Errorf("line %d: %s: want a value or a list of values", value.Line, name)
			}
			settings[name] = append(settings[name], value.Value)
		}
	}
	return settings, nil
}

// knownFlags are the names of the flags of all commands.
func knownFlags(command *cobra.Command) map[string]bool {
	known := map[string]bool{}
	command.Flags().VisitAll(func(flag *pflag.Flag) { known[flag.Name] = true })
	for _, sub := range command.Commands() {
		for name := range knownFlags(sub) {
			known[name] = true
		}
	}
	return known
}
