package deploy

import (
	"go/version"
	"regexp"
	"strings"
	"testing"
)

// TestVersions: containers, processes and what is embedded are of one version.
func TestVersions(t *testing.T) {
	images := map[string]string{}
	for _, s := range readCompose(t).Services {
		if name, tag, ok := strings.Cut(s.Image, ":"); ok {
			images[name] = tag
		}
	}
	main, temporal, nats, s3 := modules(t, "../go.mod"), modules(t, "../tools/temporal/go.mod"), modules(t, "../tools/nats/go.mod"), modules(t, "../tools/versitygw/go.mod")
	toolchain := regexp.MustCompile(`(?m)^go (\S+)$`).FindStringSubmatch(read(t, "../go.mod"))[1]
	golang := regexp.MustCompile(`(?m)^FROM golang:([0-9.]+)`).FindStringSubmatch(read(t, "Dockerfile"))
	// What is given away may have a later patch: holes of the standard library.
	if golang == nil || version.Lang("go"+golang[1]) != version.Lang("go"+toolchain) || version.Compare("go"+golang[1], "go"+toolchain) < 0 {
		t.Errorf("Dockerfile builds with %v, go.mod wants %s or a later patch of it", golang, toolchain)
	}
	for _, c := range []struct{ what, got, want string }{
		{"tools/temporal's server", temporal["go.temporal.io/server"], main["go.temporal.io/server"]},
		{"the image temporalio/server", "v" + images["temporalio/server"], main["go.temporal.io/server"]},
		{"the image temporalio/admin-tools", "v" + images["temporalio/admin-tools"], main["go.temporal.io/server"]},
		{"tools/nats's server", nats["github.com/nats-io/nats-server/v2"], main["github.com/nats-io/nats-server/v2"]},
		{"the image nats", "v" + strings.TrimSuffix(images["nats"], "-alpine"), main["github.com/nats-io/nats-server/v2"]},
		{"the image versity/versitygw", images["versity/versitygw"], s3["github.com/versity/versitygw"]},
	} {
		if c.want == "" || c.got != c.want {
			t.Errorf("%s is %s, want %s", c.what, c.got, c.want)
		}
	}
}

// TestSameSelection: the servers' processes are compiled of the very versions
// that the embedded ones are, so that what is tested is one thing, and compiled
// once.
func TestSameSelection(t *testing.T) {
	main := modules(t, "../go.mod")
	for _, tool := range []string{"temporal", "nats"} {
		for module, version := range modules(t, "../tools/"+tool+"/go.mod") {
			if want := main[module]; want != "" && version != want {
				t.Errorf("tools/%s/go.mod: %s is %s, go.mod has %s; cd tools/%s && go get %s@%s && go mod tidy", tool, module, version, want, tool, module, want)
			}
		}
	}
}

var requirement = regexp.MustCompile(`(?m)^(?:require )?\s*(\S+) (v\S+)(?: // indirect)?$`)

func modules(t *testing.T, path string) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, match := range requirement.FindAllStringSubmatch(read(t, path), -1) {
		found[match[1]] = match[2]
	}
	if len(found) < 5 {
		t.Fatalf("%s: found %d modules", path, len(found))
	}
	return found
}
