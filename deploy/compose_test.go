// Package deploy has tests alone: what lies beside them (compose file, image,
// chart, dashboards, the local cluster) says the same things in several
// languages, and the tests read all of them.
package deploy

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// A composeFile is what the tests want to know of docker-compose.yml. That it
// is well formed is checked by tools/compose.
type composeFile struct {
	Services map[string]service
	Secrets  map[string]struct{ File string }
}

type service struct {
	Image       string
	Build       *struct{ Target string }
	Command     []string
	Entrypoint  []string
	Environment map[string]string
	Ports       []string
	Volumes     []any
	Restart     string
	ReadOnly    bool     `yaml:"read_only"`
	CapDrop     []string `yaml:"cap_drop"`
	SecurityOpt []string `yaml:"security_opt"`
	MemLimit    string   `yaml:"mem_limit"`
	Healthcheck *struct{ Test []string }
}

func readCompose(t *testing.T) composeFile {
	t.Helper()
	var file composeFile
	readYAML(t, "../docker-compose.yml", &file)
	if len(file.Services) < 10 {
		t.Fatalf("docker-compose.yml has %d services", len(file.Services))
	}
	return file
}

func readYAML(t *testing.T, path string, into any) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(read(t, path)), into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// pinned is an image with a version in its tag, or a digest.
var pinned = regexp.MustCompile(`^[a-z0-9./-]+(:v?[0-9]+(\.[0-9]+)+(-[a-z0-9.]+)?|@sha256:[0-9a-f]{64})$`)

func TestImagesArePinned(t *testing.T) {
	for name, s := range readCompose(t).Services {
		if s.Build == nil && !pinned.MatchString(s.Image) {
			t.Errorf("%s: image %q is not pinned", name, s.Image)
		}
	}
	for line := range strings.Lines(read(t, "Dockerfile")) {
		words := strings.Fields(line)
		if len(words) > 1 && words[0] == "FROM" && strings.Contains(words[1], ":") && !pinned.MatchString(words[1]) {
			t.Errorf("Dockerfile: image %q is not pinned", words[1])
		}
	}
}

// TestLoopback: nothing is reached from outside the machine.
func TestLoopback(t *testing.T) {
	for name, s := range readCompose(t).Services {
		for _, port := range s.Ports {
			if !strings.HasPrefix(port, "127.0.0.1:") {
				t.Errorf("%s: port %q is open to the network", name, port)
			}
		}
	}
}

// writable are services whose images write beside their data.
var writable = []string{"temporal-ui"}

func TestGuarded(t *testing.T) {
	for name, s := range readCompose(t).Services {
		if !slices.Equal(s.CapDrop, []string{"ALL"}) || !slices.Contains(s.SecurityOpt, "no-new-privileges:true") {
			t.Errorf("%s: keeps capabilities, or may get new privileges", name)
		}
		if s.ReadOnly == slices.Contains(writable, name) {
			t.Errorf("%s: read_only is %v", name, s.ReadOnly)
		}
		if s.Restart != "unless-stopped" {
			continue // a job, which ends
		}
		if s.Healthcheck == nil || len(s.Healthcheck.Test) < 2 || s.MemLimit == "" {
			t.Errorf("%s: no health check, or no limit of memory", name)
		}
	}
}

// secret is a variable that holds one, wanted one that compose does not start
// without.
var (
	secret = regexp.MustCompile(`(PASSWORD|PWD|TOKEN|SECRET|ACCESS_KEY)`)
	wanted = regexp.MustCompile(`^\$\{([A-Z0-9_]+):\?[^}]+\}$`)
)

func TestNoSecretHasADefault(t *testing.T) {
	drawn := map[string]bool{}
	for line := range strings.Lines(read(t, "compose/env.example")) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok && !strings.HasPrefix(name, "#") {
			drawn[name] = true
			if value != "" {
				t.Errorf("env.example: %s has a value", name)
			}
		}
	}
	for name, s := range readCompose(t).Services {
		for variable, value := range s.Environment {
			if !secret.MatchString(variable) || strings.HasPrefix(value, "/run/secrets/") {
				continue
			}
			if found := wanted.FindStringSubmatch(value); found == nil || !drawn[found[1]] {
				t.Errorf("%s: %s is %q: want a variable that env.example tells of, and no default", name, variable, value)
			}
		}
	}
}

// TestMountsAreThere: what compose mounts from here is here, secrets apart,
// which deploy/compose/secrets draws.
func TestMountsAreThere(t *testing.T) {
	file := readCompose(t)
	for name, s := range file.Services {
		for _, volume := range s.Volumes {
			from, _, _ := strings.Cut(asText(volume), ":")
			if !strings.HasPrefix(from, "./") {
				continue
			}
			if _, err := os.Stat(filepath.Join("..", from)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	script := read(t, "compose/secrets")
	for name, s := range file.Secrets {
		if folder, base := filepath.Split(s.File); folder != "./deploy/compose/private/" || !strings.Contains(script, "$private/"+base) {
			t.Errorf("secret %s: deploy/compose/secrets does not draw %s", name, s.File)
		}
	}
}

func asText(volume any) string {
	text, _ := volume.(string)
	return text
}
