package engine

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
)

// elsewhere is a world of which nothing is embedded.
var elsewhere = Config{Temporal: "temporal.example.org:7233", NATS: "nats://nats.example.org", Store: "s3://bucket/prefix"}

func TestValidate(t *testing.T) {
	off := elsewhere
	off.NATS = Off
	kept := elsewhere
	kept.Store, kept.Data = "", "data"
	for name, c := range map[string]Config{"elsewhere": elsewhere, "without notices": off, "storage in the folder": kept} {
		if err := c.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := (Config{Data: "data"}).Validate(); (err == nil) != embedding {
		t.Errorf("embedded: %v", err)
	}
}

func TestValidate_Error(t *testing.T) {
	for name, spoil := range map[string]func(*Config){
		"no folder for Temporal":        func(c *Config) { c.Temporal = "" },
		"no folder for NATS":            func(c *Config) { c.NATS = "" },
		"no folder for storage":         func(c *Config) { c.Store = "" },
		"no port":                       func(c *Config) { c.Temporal = "temporal.example.org" },
		"no host":                       func(c *Config) { c.Temporal = ":7233" },
		"a URL for Temporal":            func(c *Config) { c.Temporal = "http://temporal.example.org:7233" },
		"no scheme for NATS":            func(c *Config) { c.NATS = "nats.example.org" },
		"no scheme for the second NATS": func(c *Config) { c.NATS = "nats://nats.example.org,other.example.org" },
		"spaces in a namespace":         func(c *Config) { c.Namespace = "a b" },
	} {
		c := elsewhere
		spoil(&c)
		if c.Validate() == nil {
			t.Errorf("%s: Validate is content", name)
		}
	}
}

func TestLogValue_ShowsNoSecrets(t *testing.T) {
	c := elsewhere
	c.NATS = "nats://token@nats.example.org,nats://u:password@other.example.org"
	c.Store = "s3://name:password@bucket?secret_key=secret&endpoint=http://u:password@s3.example.org"
	c.Secrets.AccessKey, c.Secrets.SecretKey = "access", "secret"
	var out bytes.Buffer
	slog.New(slog.NewTextHandler(&out, nil)).Info("configured", "engine", c)
	for _, secret := range []string{"token", "password", "access", "secret"} {
		if strings.Contains(out.String(), secret) {
			t.Errorf("%s is shown: %s", secret, &out)
		}
	}
	if want := "engine.temporal=temporal.example.org:7233"; !strings.Contains(out.String(), want) {
		t.Errorf("no %s in %s", want, &out)
	}
}

func TestStoreAddress(t *testing.T) {
	for want, c := range map[string]Config{
		"s3://bucket/prefix":           elsewhere,
		"file:///a%20b%3Fc%2520/store": {Data: "/a b?c%20"},
	} {
		if got := c.StoreAddress(); got != want {
			t.Errorf("StoreAddress of %+v is %q, want %q", c, got, want)
		}
	}
}
