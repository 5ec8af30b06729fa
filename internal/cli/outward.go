package cli

import (
	"errors"

	"github.com/spf13/pflag"

	"groma/internal/outward"
)

// outwardSettings say what a process may ask that asks on behalf of others.
// None allow nothing but https at public addresses.
type outwardSettings struct {
	hosts, notHosts, networks, notNetworks, plain, ssh []string
}

func (s *outwardSettings) register(flags *pflag.FlagSet) {
	flags.StringSliceVar(&s.hosts, "allow-host", nil, "ask no other hosts: git.example.org or *.example.org; may be repeated")
	flags.StringSliceVar(&s.notHosts, "deny-host", nil, "never ask this host: git.example.org or *.example.org; may be repeated")
	flags.StringSliceVar(&s.networks, "allow-network", nil, "network that may be asked though it is private: 10.1.0.0/16 or an address; may be repeated")
	flags.StringSliceVar(&s.notNetworks, "deny-network", nil, "network that may not be asked though it is public; may be repeated")
	flags.StringSliceVar(&s.plain, "allow-http", nil, "host that may be asked without encryption, over http and git://; may be repeated")
	flags.StringSliceVar(&s.ssh, "allow-ssh", nil, "host that may be asked over ssh, with the keys of this machine; may be repeated")
}

// rules are the settings, read.
func (s *outwardSettings) rules() (*outward.Rules, error) {
	r := &outward.Rules{}
	err := errors.Join(
		readEach("allow-host", s.hosts, outward.ParsePattern, &r.Hosts),
		readEach("deny-host", s.notHosts, outward.ParsePattern, &r.NotHosts),
		readEach("allow-http", s.plain, outward.ParsePattern, &r.Plain),
		readEach("allow-ssh", s.ssh, outward.ParsePattern, &r.SSH),
		readEach("allow-network", s.networks, outward.ParseNetwork, &r.Networks),
		readEach("deny-network", s.notNetworks, outward.ParseNetwork, &r.NotNetworks),
	)
	return r, err
}

// readEach reads the values of a flag.
func readEach[T any](flag string, values []string, read func(string) (T, error), into *[]T) error {
	for _, text := range values {
		value, err := read(text)
		if err != nil {
			return usagef("--%s: %w", flag, err)
		}
		*into = append(*into, value)
	}
	return nil
}
