package artefact

import (
	"context"
	"fmt"
	"net/url"
	"strings"
)

// Open opens the store at an address:
//
//	file:///var/lib/groma                                 a folder
//	s3://bucket/prefix                                    Amazon's S3
//	s3://bucket/prefix?endpoint=http://127.0.0.1:7070     any other S3
//	s3://bucket?endpoint=https://s3.example.org&region=x  with a region
func Open(ctx context.Context, address string, secrets Secrets) (Store, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("artefact: the store's address cannot be read: want file:///… or s3://…")
	}
	if u.User != nil { // not to be shown
		return nil, fmt.Errorf("artefact: keys do not belong in the store's address: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
	}
	switch u.Scheme {
	case "file":
		if u.Host != "" || u.Path == "" {
			return nil, fmt.Errorf("artefact: store address %q: a folder is file:// and an absolute path, as in file:///var/lib/groma", Shown(address))
		}
		return NewFolder(u.Path)
	case "s3":
		config, err := s3Config(u, secrets)
		if err != nil {
			return nil, err
		}
		return NewS3(ctx, config)
	}
	return nil, fmt.Errorf("artefact: store address %q: want file:///… or s3://…", Shown(address))
}

// Shown is the address of a store as it may be shown: without a login, and
// without settings that no store has, among which people put keys.
func Shown(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "unreadable"
	}
	query := url.Values{}
	for _, name := range []string{"endpoint", "region"} {
		if value := u.Query().Get(name); value != "" {
			query.Set(name, value)
		}
	}
	if e, err := url.Parse(query.Get("endpoint")); err != nil || e.User != nil {
		query.Set("endpoint", "redacted")
	}
	u.User, u.RawQuery, u.Fragment = nil, strings.NewReplacer("%3A", ":", "%2F", "/").Replace(query.Encode()), ""
	return u.String()
}

// Exposes says whether others on the way can read what goes to the storage at an
// address, and use it: it is asked over plain HTTP, beyond this machine.
func Exposes(address string, secrets Secrets) bool {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "s3" {
		return false
	}
	config, err := s3Config(u, secrets)
	return err == nil && config.exposes()
}

func s3Config(u *url.URL, secrets Secrets) (S3Config, error) {
	config, err := readS3Config(u, secrets)
	if err != nil {
		return config, fmt.Errorf("artefact: store address %q: %w", Shown(u.String()), err)
	}
	return config, nil
}

func readS3Config(u *url.URL, secrets Secrets) (S3Config, error) {
	config := S3Config{Bucket: u.Host, Prefix: u.Path, Endpoint: "s3.amazonaws.com", Region: u.Query().Get("region"), Secrets: secrets}
	if config.Bucket == "" {
		return config, fmt.Errorf("no bucket: want s3://bucket/prefix")
	}
	if p := strings.Trim(u.Path, "/"); p != "" {
		if err := validKey(p); err != nil {
			return config, err
		}
	}
	for name := range u.Query() {
		if name != "endpoint" && name != "region" {
			return config, fmt.Errorf("unknown setting %q: want endpoint or region", name)
		}
	}
	endpoint := u.Query().Get("endpoint")
	if endpoint == "" {
		return config, nil
	}
	e, err := url.Parse(endpoint)
	switch {
	case err != nil || e.Host == "" || e.Scheme != "http" && e.Scheme != "https":
		return config, fmt.Errorf("endpoint: want http://host:port or https://host")
	case e.User != nil:
		return config, fmt.Errorf("keys do not belong in the endpoint's address: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
	}
	config.Endpoint, config.Plain = e.Host, e.Scheme == "http"
	if config.Plain && secrets.TLS != nil {
		return config, fmt.Errorf("endpoint: certificates are for https://")
	}
	return config, nil
}
