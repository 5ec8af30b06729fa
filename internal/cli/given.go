package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"groma/internal/annotation"
	"groma/internal/gitwire"
	"groma/internal/landscape"
	"groma/internal/source"
	"groma/internal/survey"
	"groma/internal/world"
)

// given is the source that a command was given, and how to reach what it
// names.
type given struct {
	kind    landscape.Kind
	sources survey.Sources
	mirrors []gitwire.Mirror
	// local says why only this process can reach what the source names; empty
	// if others can, too.
	local string
	close func()
}

func (c *surveyCommand) read(ctx context.Context, arg string) (*given, error) {
	joined, err := readBeside(ctx, "--clomonitor", c.clomonitor)
	if err != nil {
		return nil, err
	}
	annotations, err := readBeside(ctx, "--annotations", c.annotations)
	if err != nil {
		return nil, err
	}
	if annotations != nil {
		if _, err := annotation.Parse(annotations.Name, annotations.Data); err != nil {
			return nil, usagef("--annotations: %w", err)
		}
	}
	g, err := c.readLandscape(ctx, arg)
	if err != nil {
		return nil, err
	}
	g.sources.Clomonitor, g.sources.Annotations = joined, annotations
	return g, nil
}

// readBeside reads a document that a flag names beside the landscape, or nil.
func readBeside(ctx context.Context, flag, name string) (*landscape.Document, error) {
	if name == "" {
		return nil, nil
	}
	read, err := source.ReadFile(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", flag, err)
	}
	read = redacted(read)
	return &read, nil
}

func (c *surveyCommand) readLandscape(ctx context.Context, arg string) (*given, error) {
	if strings.HasSuffix(arg, ".txtar") {
		return readWorld(ctx, arg)
	}
	read, err := source.Read(ctx, arg, c.terminal.In)
	if err != nil {
		return nil, err
	}
	g := &given{kind: read.Kind, sources: survey.Sources{Landscape: redacted(read.Document)}, close: func() {}}
	if read.Kind == landscape.KindFolder {
		g.local = arg + " is a folder of this machine"
	}
	return g, nil
}

// redacted is a document as it may be kept: without credentials in addresses.
func redacted(d landscape.Document) landscape.Document {
	return landscape.Document{Name: d.Name, Data: landscape.Redact(d.Data)}
}

// readWorld makes the repositories of a world and serves them on loopback for
// as long as the command runs. From there on it is a landscape like any other.
func readWorld(ctx context.Context, path string) (*given, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	w, err := world.Parse(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	document, ok := w.File("landscape.yml")
	if !ok {
		return nil, fmt.Errorf("%s has no landscape.yml", path)
	}
	server, err := w.Serve(context.WithoutCancel(ctx)) // until the censuses have ended
	if err != nil {
		return nil, err
	}
	mirror, err := gitwire.ParseMirror("https://github.com/=" + strings.TrimSuffix(server.URL, "/") + "/")
	if err != nil {
		server.Close()
		return nil, err
	}
	return &given{
		kind:    landscape.KindLandscape,
		sources: survey.Sources{Landscape: landscape.Document{Name: worldName(path), Data: document}},
		mirrors: []gitwire.Mirror{mirror},
		local:   path + " is a world, which is served on this machine alone",
		close:   func() { server.Close() },
	}, nil
}

// worldName is the file's name, or its folder's where the file is just called
// a world.
func worldName(path string) string {
	if abs, err := filepath.Abs(path); err == nil && filepath.Base(abs) == "world.txtar" {
		return filepath.Base(filepath.Dir(abs)) + ".txtar"
	}
	return filepath.Base(path)
}
